/**
 * Benchmark: cost of permissions.
 *
 * The time from opening an object to its attached program, with every gate and with all of them left
 * out by a test build of the shim; and a map lookup and an event of native libbpf in a thread under the
 * guest's list of system calls, next to the same without it. The column "native" has the figures
 * without. Exit code 1 when a bound is missed.
 */
import project from "../deno.json" with { type: "json" };
import { runThrough } from "./measured.ts";
import { type Measure, measureAll, median, report, type Row, spreadOf } from "./report.ts";

const PAIRS = 5;
const ROUNDS = 10;
const FILTER = "MEASURE_FILTER=dist/lib/libbpf-shim.so";

/** Runs with and without in turn, and compares them pair by pair. */
async function compared(
  run: (isWith: boolean) => Promise<number[]>,
): Promise<Pick<Row, "native" | "wasmBpf" | "ratio" | "spread"> & { above: number }> {
  const pairs: { without: number; with: number }[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const half = (figures: number[]) => median(figures.slice(figures.length >> 1));
    pairs.push({ without: half(await run(false)), with: half(await run(true)) });
  }
  const ratios = pairs.map((pair) => pair.with / pair.without);
  return {
    native: median(pairs.map((pair) => pair.without)),
    wasmBpf: median(pairs.map((pair) => pair.with)),
    above: median(pairs.map((pair) => pair.with - pair.without)),
    ratio: median(ratios),
    spread: spreadOf(ratios),
  };
}

/** A row whose figure is what it costs more, pair by pair. */
function rowOf(
  { above, ...figures }: Awaited<ReturnType<typeof compared>>,
  { what, unit, most }: { what: string; unit: Row["unit"]; most: number },
): Row {
  return {
    ...figures,
    what,
    unit,
    wasmBpf: figures.native + above,
    atMost: { figure: figures.native + most },
  };
}

async function loads(isWith: boolean): Promise<number[]> {
  const url = (path: string) => new URL(path, import.meta.url).href;
  const map = await Deno.makeTempFile({ suffix: ".json" });
  try {
    const imports = {
      ...project.imports,
      [url("../ffi/assets.ts")]: url("../tests/support/gates_assets.ts"),
    };
    await Deno.writeTextFile(map, JSON.stringify({ imports }));
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--no-check", "--no-lock", `--import-map=${map}`],
        ...["bench/programs/gated_load.ts", String(ROUNDS)],
      ],
      env: { SHIM_TEST_GATES: isWith ? "" : "12345" },
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout).trim().split("\n").map(Number);
  } finally {
    await Deno.remove(map);
  }
}

/** Runs the native program, with the filter or without. */
async function native(isWith: boolean, ...words: string[]): Promise<number[]> {
  const text = await runThrough(isWith ? ["env", FILTER] : [], "native", ...words);
  return text.trim().split("\n").map(Number);
}

const MEASURES: readonly Measure[] = [
  async () => [
    rowOf(await compared(loads), {
      what: "open to attached, with the gates",
      unit: "ms",
      most: 2,
    }),
  ],
  async () => [
    rowOf(await compared((isWith) => native(isWith, "lookup", "6")), {
      what: "map lookup, with the list of system calls",
      unit: "ns",
      most: 50,
    }),
  ],
  async () => [
    rowOf(await compared((isWith) => native(isWith, "consume", "6")), {
      what: "event, with the list of system calls",
      unit: "ns",
      // Nothing that a filter sees: less than what two runs differ by.
      most: 10,
    }),
  ],
];

if (import.meta.main) Deno.exit(report(await measureAll(MEASURES)));
