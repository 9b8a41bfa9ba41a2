/**
 * Benchmark: cost of map operations.
 *
 * A lookup in a hash of 8-byte keys, and reading 100,000 elements by batches of 4,096; nanoseconds
 * a lookup and an element, compared with native libbpf. Exit code 1 when a bound is missed.
 */
import { compare, compareRuns, type Comparison, runThrough } from "./measured.ts";
import { type Measure, measureAll, report, type Row } from "./report.ts";

/** Names the library whose filter of system calls a native run takes for its thread. */
const FILTER = ["env", "MEASURE_FILTER=dist/lib/libbpf-shim.so"];

function operation(name: string, what: string): Measure {
  const command = { native: name, guest: name };
  return async () => [{
    what,
    unit: "ns",
    ...await compare(command, { pairs: 9, rounds: 6 }),
    atMost: { ratio: 1.35 },
  }];
}

/** Runs an operation beside a native one whose thread has the same filter of system calls. */
async function compareFiltered(name: string): Promise<Comparison> {
  return await compareRuns(
    (side) => runThrough(side === "guest" ? [] : FILTER, side, name, "6"),
    9,
  );
}

async function lookupAbove(): Promise<Row[]> {
  const figures = await compareFiltered("lookup");
  return [{
    ...figures,
    what: "map lookup, on top of the same under the same filter",
    unit: "ns",
    wasmBpf: figures.wasmBpf - figures.native,
    atMost: { figure: 60 },
  }];
}

/** An operation on a value of each processor. */
function perCpu(name: string, what: string): Measure {
  return async () => [{
    what: `${what}, under the same filter`,
    unit: "ns",
    ...await compareFiltered(name),
    atMost: { ratio: 1.15 },
  }];
}

async function main(): Promise<number> {
  return report(
    await measureAll([
      operation("lookup", "map lookup, hash of 8-byte keys"),
      lookupAbove,
      perCpu("percpu-lookup", "map lookup, per-CPU hash"),
      perCpu("percpu-update", "map update, per-CPU hash"),
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
