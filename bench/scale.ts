/**
 * Benchmark: do costs grow in a straight line?
 *
 * Objects of 4, 16 and 64 programs with four times as many maps and up to ten buffers; per-CPU values
 * as long as those of 512 processors; up to 100 guests in one process. Each row is the cost of one more
 * piece at the large end, compared with that at the small end; the native figure is libbpf's cost of a
 * piece at the large end. Exit code 1 when a bound is missed.
 */
import { compileGuest, type GuestHandle, spawn } from "../runtime/mod.ts";
import { withTracefs } from "./measured.ts";
import { type Measure, measureAll, median, report, type Row, spreadOf } from "./report.ts";

const OBJECTS = "dist/bench";
const PROGRAMS = {
  native: [".cache/bench/scale", OBJECTS],
  guest: ["dist/wasm-bpf", "--max-programs", "128", "dist/bench/scale.wasm"],
} as const;
type Side = keyof typeof PROGRAMS;

const ROUNDS = 5;
/** Cost of a piece at the large end by that at the small end: what is the same for all only lowers it. */
const STRAIGHT = 1.5;

async function figures(side: Side, ...words: string[]): Promise<number[]> {
  const [program, args] = withTracefs(...PROGRAMS[side], ...words);
  const { success, stdout, stderr } = await new Deno.Command(program, { args, stdin: "null" })
    .output();
  if (!success) throw new Error(`${side} ${words.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout).trim().split("\n").map(Number);
}

/** Costs of one more piece between sizes, from the costs of three sizes: `[small, large]`. */
function slopes(sizes: readonly number[], costs: readonly number[]): [number, number] {
  const [a = NaN, b = NaN, c = NaN] = sizes;
  const [costA = NaN, costB = NaN, costC = NaN] = costs;
  return [(costB - costA) / (b - a), (costC - costB) / (c - b)];
}

function rowOf(
  what: string,
  unit: Row["unit"],
  native: readonly number[],
  pairs: readonly (readonly [number, number])[],
): Row {
  const ratios = pairs.map(([small, large]) => large / small);
  return {
    what,
    unit,
    native: median(native),
    wasmBpf: median(pairs.map(([, large]) => large)),
    ratio: median(ratios),
    spread: spreadOf(ratios),
    ratioTo: "that at the small end",
    atMost: { ratio: STRAIGHT },
  };
}

const SIZES = [4, 16, 64];

/** Rows of objects: loading and attaching by the program; an update and a poll by themselves. */
async function objects(): Promise<Row[]> {
  const runs: Record<Side, number[][][]> = { native: [], guest: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const side of ["native", "guest"] as const) {
      const bySize: number[][] = [];
      for (const size of SIZES) bySize.push(await figures(side, "object", String(size)));
      runs[side].push(bySize);
    }
  }
  const column = (side: Side, index: number) =>
    runs[side].map((bySize) => bySize.map((all) => all[index] ?? NaN));
  const perProgram = (what: string, index: number) =>
    rowOf(
      what,
      "us",
      column("native", index).map((costs) => slopes(SIZES, costs)[1] / 1000),
      column("guest", index).map((costs) => {
        const [small, large] = slopes(SIZES, costs);
        return [small / 1000, large / 1000] as const;
      }),
    );
  const perCall = (what: string, index: number) =>
    rowOf(
      what,
      "ns",
      column("native", index).map((costs) => costs[2] ?? NaN),
      column("guest", index).map((costs) => [costs[0] ?? NaN, costs[2] ?? NaN] as const),
    );
  return [
    perProgram("load: a program with 4 maps, of 64 with 256", 0),
    perProgram("attach: a program of 64", 1),
    perCall("update in one of 256 maps in turn", 2),
    perCall("poll of one of 10 buffers in turn", 3),
  ];
}

/** Bytes of values that two processors have together as 32, 128 and 512 have of 8 bytes each. */
const VALUES = [128, 512, 2048];

/** Rows of lookups in per-CPU arrays, compared with libbpf's of the same size. */
async function wideValues(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const bytes of VALUES) {
    const costs: Record<Side, number[]> = { native: [], guest: [] };
    for (let round = 0; round < ROUNDS; round++) {
      for (const side of ["native", "guest"] as const) {
        costs[side].push((await figures(side, "wide", String(bytes)))[0] ?? NaN);
      }
    }
    const ratios = costs.guest.map((cost, i) => cost / (costs.native[i] ?? NaN));
    rows.push({
      what: `lookup of per-CPU values as of ${bytes / 4} processors`,
      unit: "ns",
      native: median(costs.native),
      wasmBpf: median(costs.guest),
      ratio: median(ratios),
      spread: spreadOf(ratios),
      atMost: { ratio: 1.35 },
    });
  }
  return rows;
}

const GUESTS = [10, 40, 100];

/** Milliseconds until so many guests are ready, and the memory they take, in MB. */
async function guests(count: number): Promise<{ ms: number; mb: number }> {
  const module = compileGuest(await Deno.readFile("dist/bench/scale.wasm"), "scale");
  const before = Deno.memoryUsage().rss;
  const began = performance.now();
  const handles: GuestHandle[] = [];
  const ready = Array.from({ length: count }, (_, index) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const handle = spawn(module, {
      args: ["scale", "wait", index % 2 === 0 ? "p0" : "other"],
      stdio: { stdout: () => resolve() },
    });
    handle.exited.then((exit) => reject(new Error(JSON.stringify(exit))), () => {});
    handles.push(handle);
    return promise;
  });
  try {
    await Promise.all(ready);
    return { ms: performance.now() - began, mb: (Deno.memoryUsage().rss - before) / 1e6 };
  } finally {
    await Promise.all(handles.map((handle) => handle.terminate()));
  }
}

/** Rows of many guests in this process: time until they are ready, and memory. */
async function manyGuests(): Promise<Row[]> {
  const times: [number, number][] = [];
  const memory: [number, number][] = [];
  await guests(1);
  for (let round = 0; round < 3; round++) {
    const results = [];
    for (const count of GUESTS) results.push(await guests(count));
    times.push(slopes(GUESTS, results.map(({ ms }) => ms)));
    memory.push(slopes(GUESTS, results.map(({ mb }) => mb)));
  }
  // libbpf has nothing like it: a process for each tool.
  return [
    rowOf("start: a guest of 100 in one process", "ms", [NaN], times),
    rowOf("memory: a guest of 100 in one process", "MB", [NaN], memory),
  ];
}

async function main(): Promise<number> {
  const measures: Measure[] = [objects, wideValues, manyGuests];
  return report(await measureAll(measures));
}

if (import.meta.main) Deno.exit(await main());
