/**
 * Benchmark: cost of map operations.
 *
 * A lookup in a hash of 8-byte keys, and reading 100,000 elements by batches of 4,096; nanoseconds
 * a lookup and an element, compared with native libbpf. Exit code 1 when a bound is missed.
 */
import { compare, compareRuns, run, runThrough } from "./measured.ts";
import { type Measure, measureAll, report, type Row } from "./report.ts";

function operation(name: string, what: string): Measure {
  const command = { native: name, guest: name };
  return async () => [{
    what,
    unit: "ns",
    ...await compare(command, { pairs: 9, rounds: 6 }),
    atMost: { ratio: 1.35 },
  }];
}

/** A lookup less a native one whose thread has the same filter of system calls. */
async function lookupAbove(): Promise<Row[]> {
  const filter = "MEASURE_FILTER=dist/lib/libbpf-shim.so";
  const figures = await compareRuns(
    (side) =>
      side === "guest"
        ? run(side, "lookup", "6")
        : runThrough(["env", filter], side, "lookup", "6"),
    9,
  );
  return [{
    ...figures,
    what: "map lookup, on top of the same under the same filter",
    unit: "ns",
    wasmBpf: figures.wasmBpf - figures.native,
    atMost: { figure: 80 },
  }];
}

async function main(): Promise<number> {
  return report(
    await measureAll([
      operation("lookup", "map lookup, hash of 8-byte keys"),
      lookupAbove,
      operation("percpu-lookup", "map lookup, per-CPU hash"),
      operation("percpu-update", "map update, per-CPU hash"),
      async () => [{
        what: "element of 100,000 read by batch",
        unit: "ns",
        ...await compare({ native: "batch", guest: "batch" }, { pairs: 9, rounds: 6 }),
        atMost: { ratio: 1.3 },
      }],
    ]),
  );
}

if (import.meta.main) Deno.exit(await main());
