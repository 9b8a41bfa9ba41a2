/**
 * Benchmark: wasm-bpf next to what others made for the same purpose, as far as it can be built from
 * registries: eunomia-bpf's runtime in Rust, on wasmtime. Both run the same module, which has only
 * the functions that both have.
 *
 * Without cargo nothing is measured, and a line says so. Rows have no bounds: what others made is
 * measured as it is.
 */
import { buildPeer, PEER } from "../build/steps/peers.ts";
import { withTracefs } from "./measured.ts";
import { median, report, type Row, spreadOf } from "./report.ts";
import { run, startToAttached } from "./start_to_attached.ts";

const MODULE = "dist/bench/base.wasm";

const SUBJECTS = ["peer", "wasmBpf"] as const;
type Subject = typeof SUBJECTS[number];
/** Programs by subject. */
type Programs = Readonly<Record<Subject, string>>;

/** One figure of a run, in the unit of its row. */
interface Measurement {
  readonly what: string;
  readonly unit: Row["unit"];
  readonly pairs: number;
  readonly run: (program: string) => Promise<number>;
}

/** Median of the later half of the rounds: by then what is hot is compiled. */
async function laterRounds(program: string, command: string, rounds: number): Promise<number> {
  const text = await run(...withTracefs(program, MODULE, command, String(rounds)));
  const figures = text.trim().split("\n").map(Number);
  return median(figures.slice(figures.length >> 1));
}

const MEASUREMENTS: readonly Measurement[] = [
  {
    // A cost per event could not be compared: theirs calls back for the last one of a batch alone.
    what: "callbacks for 230,400 events in the ring",
    unit: "events",
    pairs: 1,
    run: (program) => laterRounds(program, "received", 1),
  },
  {
    what: "map lookup, hash of 8-byte keys",
    unit: "ns",
    pairs: 3,
    run: (program) => laterRounds(program, "lookup", 6),
  },
  {
    what: "start to attached",
    unit: "ms",
    pairs: 11,
    run: (program) => startToAttached([program, MODULE, "attached", "0"]),
  },
];

async function compare({ what, unit, pairs, run }: Measurement, programs: Programs): Promise<Row> {
  const figures: Record<Subject, number[]> = { peer: [], wasmBpf: [] };
  for (const subject of SUBJECTS) await run(programs[subject]);
  for (let pair = 0; pair < pairs; pair++) {
    for (const subject of SUBJECTS) figures[subject].push(await run(programs[subject]));
  }
  const ratios = figures.wasmBpf.map((figure, pair) => figure / (figures.peer[pair] ?? NaN));
  return {
    what: `${what}: theirs and ours`,
    unit,
    native: median(figures.peer),
    wasmBpf: median(figures.wasmBpf),
    ratio: median(ratios),
    spread: spreadOf(ratios),
    ratioTo: PEER,
  };
}

async function main(): Promise<number> {
  const peer = await buildPeer();
  if ("missing" in peer) {
    Deno.stderr.writeSync(new TextEncoder().encode(`peers are not measured: ${peer.missing}\n`));
    return 0;
  }
  const programs = { peer: peer.path, wasmBpf: "dist/wasm-bpf" };
  const rows: Row[] = [];
  for (const measurement of MEASUREMENTS) rows.push(await compare(measurement, programs));
  return report(rows);
}

if (import.meta.main) Deno.exit(await main());
