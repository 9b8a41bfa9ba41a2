/**
 * Benchmark: cost of records that come alone, and are shown at once.
 *
 * A program makes 1,000 system calls a second, a tracepoint sends 64 bytes for each, and each is a line
 * in columns, written by itself. Compared are the CPU times of an event: of wasm-bpf with a plain
 * object, and of a program on native libbpf that prints a line by printf. V8 compiles what an event
 * runs during the first ones, which are a row of their own, without a bound. Exit code 1 when a bound
 * is missed.
 */
import { cpuNs, produce } from "./processes.ts";
import { withTracefs } from "./measured.ts";
import { type Measure, measureAll, median, report, type Row, spreadOf } from "./report.ts";

const OBJECT = "dist/bench/shown.bpf.o";
const ROUNDS = 3;
const RATE = 1000;
const EVENTS = 3000;
/** Most of the CPU time, after the first events. */
const MOST_RATIO = 1.5;
/** Time in which a side shows its first event, loaded machine or not. */
const START_MS = 30_000;

const TYPE = "filled={u64 number; u64 dropped; u64 time; u64 padding[5];}";
const SIDES = {
  native: [".cache/bench/measure", OBJECT, "shown", "1000000"],
  wasmBpf: ["dist/wasm-bpf", "--event", TYPE, OBJECT],
} as const;
type Side = keyof typeof SIDES;

/** CPU nanoseconds of an event: of the first ones, and of those after them. */
interface Figures {
  readonly first: number;
  readonly later: number;
}

async function measure(side: Side): Promise<Figures> {
  const [program, args] = withTracefs("taskset", "2", ...SIDES[side]);
  const child = new Deno.Command(program, { args, stdin: "null", stdout: "piped" }).spawn();
  let lines = 0;
  const read = (async () => {
    for await (const part of child.stdout) lines += part.filter((byte) => byte === 10).length;
  })();
  try {
    const limit = performance.now() + START_MS;
    while (lines < 2) {
      if (performance.now() > limit) throw new Error(`${side} shows no event`);
      await produce(1, RATE);
    }
    const times = [cpuNs(child.pid)];
    for (let i = 0; i < 2; i++) {
      const before = lines;
      await produce(EVENTS, RATE);
      times.push(cpuNs(child.pid));
      if (lines - before < EVENTS) throw new Error(`${side} shows ${lines - before} events`);
    }
    const [start = NaN, middle = NaN, end = NaN] = times;
    return { first: (middle - start) / EVENTS, later: (end - middle) / EVENTS };
  } finally {
    child.kill("SIGINT");
    await child.status;
    await read;
  }
}

const compare: Measure = async (): Promise<Row[]> => {
  const pairs: Record<Side, Figures>[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    pairs.push({ native: await measure("native"), wasmBpf: await measure("wasmBpf") });
  }
  const rowOf = (what: string, figure: keyof Figures, atMost?: { ratio: number }): Row => {
    const ratios = pairs.map(({ native, wasmBpf }) => wasmBpf[figure] / native[figure]);
    return {
      what,
      unit: "ns",
      native: median(pairs.map(({ native }) => native[figure])),
      wasmBpf: median(pairs.map(({ wasmBpf }) => wasmBpf[figure])),
      ratio: median(ratios),
      spread: spreadOf(ratios),
      ...(atMost === undefined ? {} : { atMost }),
    };
  };
  return [
    rowOf("CPU of an event that is shown, 1,000/s", "later", { ratio: MOST_RATIO }),
    rowOf(`the same, of the first ${EVENTS}`, "first"),
  ];
};

if (import.meta.main) Deno.exit(report(await measureAll([compare])));
