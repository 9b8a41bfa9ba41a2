/**
 * Does memory grow with the events that went through?
 *
 * Resident memory of the consumer of numbered events after the first million and after fifty million, of
 * ours and of native libbpf. Exit code 1 when our own memory has grown by more than a third, or more than
 * 66 MB are resident.
 */
import type { Side } from "./measured.ts";
import { produce, startConsumer } from "./numbered.ts";
import { report } from "./report.ts";

const FIRST = 1_000_000;
const REST = 49_000_000;

/** Megabytes of a process: all that is resident, and its own. The program's pages come and go. */
interface Memory {
  resident: number;
  own: number;
}

async function memoryOf(pid: number): Promise<Memory> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const megabytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1024 / 1e6;
  return { resident: megabytes("VmRSS"), own: megabytes("RssAnon") };
}

async function measure(side: Side): Promise<{ first: Memory; last: Memory }> {
  // More than ever come, so that it is still there to be looked at.
  const consumer = await startConsumer(side, ["numbered", String(FIRST + REST + 2)]);
  try {
    await produce(["events", FIRST]);
    const first = await memoryOf(consumer.pid);
    await produce(["events", REST]);
    return { first, last: await memoryOf(consumer.pid) };
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
    native: native.last.resident,
    wasmBpf: wasmBpf.last.resident,
    ratio: wasmBpf.last.own / wasmBpf.first.own,
    ratioTo: `its own ${wasmBpf.first.own.toPrecision(3)} MB after the first million`,
    atMost: { figure: 66, ratio: 1.35 },
  }]);
}

if (import.meta.main) Deno.exit(await main());
