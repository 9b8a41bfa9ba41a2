/**
 * Benchmark: cost of an event from a traced call to the guest's callback.
 *
 * One core calls a function with a uprobe, as fast as it can; each call sends an event through the
 * ring buffer, and the other core handles it. Nanoseconds an event, from the first to the last,
 * compared with native libbpf. Exit code 1 when wasm-bpf takes more than 1.10 times as long.
 */
import { fileURLToPath } from "node:url";
import { consumeNumbered } from "./numbered.ts";
import { median, report } from "./report.ts";

const PAIRS = 9;
const CALLS = 300_000;

async function main(): Promise<number> {
  const target = fileURLToPath(
    new URL("../.cache/bench/producer:traced_function", import.meta.url),
  );
  const ns = { native: [] as number[], guest: [] as number[] };
  for (let pair = 0; pair < PAIRS; pair++) {
    for (const side of ["native", "guest"] as const) {
      const text = await consumeNumbered(side, ["uprobe", String(CALLS), target], ["calls", CALLS]);
      ns[side].push(Number(text));
    }
  }
  const ratio = median(ns.guest.map((value, pair) => value / (ns.native[pair] ?? NaN)));
  return report([{
    what: "event from a uprobe to the callback",
    unit: "ns",
    native: median(ns.native),
    wasmBpf: median(ns.guest),
    ratio,
    atMost: { ratio: 1.1 },
  }]);
}

if (import.meta.main) Deno.exit(await main());
