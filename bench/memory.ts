/**
 * Does memory grow with the events that went through?
 *
 * Resident memory of the consumer of numbered events after the first million and after fifty million, of
 * ours and of native libbpf. Exit code 1 when ours has grown by more than a tenth.
 */
import type { Side } from "./measured.ts";
import { produce, startConsumer } from "./numbered.ts";
import { report } from "./report.ts";

const FIRST = 1_000_000;
const REST = 49_000_000;

async function residentMegabytes(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024 / 1e6;
}

async function measure(side: Side): Promise<{ first: number; last: number }> {
  // More than ever come, so that it is still there to be looked at.
  const consumer = await startConsumer(side, ["numbered", String(FIRST + REST + 2)]);
  try {
    await produce(["events", FIRST]);
    const first = await residentMegabytes(consumer.pid);
    await produce(["events", REST]);
    return { first, last: await residentMegabytes(consumer.pid) };
  } finally {
    await consumer.end();
  }
}

async function main(): Promise<number> {
  const native = await measure("native");
  const wasmBpf = await measure("guest");
  return report([{
    what: "resident memory after 50 million events",
    unit: "MB",
    native: native.last,
    wasmBpf: wasmBpf.last,
    ratio: wasmBpf.last / wasmBpf.first,
    ratioTo: `${wasmBpf.first.toPrecision(3)} MB after the first million`,
    atMost: { ratio: 1.1 },
  }]);
}

if (import.meta.main) Deno.exit(await main());
