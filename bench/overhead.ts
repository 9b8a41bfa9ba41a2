/**
 * Benchmark: cost of tracing to the traced machine.
 *
 * A program makes a system call per event; a tracepoint sends 64 bytes for each to a ring of 16
 * MiB, or to perf event arrays. The consumer is wasm-bpf with its defaults, or the default loop of
 * native libbpf, each on a processor of its own. Figures are the CPU time of the consumer per
 * event, the CPU time that an event costs the traced program above the same without a tracer, and
 * the delay of events. V8 compiles what an event runs during the first ones: the later half counts, as
 * in the other benchmarks; the first half of slow events is a row of its own, without a bound. Exit
 * code 1 when a bound is missed or an event was lost.
 */
import { measured, type Side } from "./measured.ts";
import { type Measure, measureAll, median, report, type Row, spreadOf } from "./report.ts";

const PRODUCER = ".cache/bench/producer";
const ROUNDS = 3;

/** Time in which a run ends, with what starts and ends it; a consumer that misses an event never does. */
const RUN_MS = 60_000;

/** Figures of one run. */
interface Figures {
  /** CPU nanoseconds per event: of the first half of them, and of the other. */
  first: number;
  consumer: number;
  producer: number;
  lost: number;
  /** Microseconds. */
  median: number;
  late: number;
}

interface Work {
  program: "stream" | "stream_perf";
  count: number;
  /** Events a second; as fast as one processor can without it. */
  rate?: number;
  /** Events a second of the first half, of which no delay counts; default: `rate`. */
  firstRate?: number;
  timed?: boolean;
}

async function produce({ count, rate, firstRate = rate }: Work): Promise<number> {
  const words = rate === undefined ? [] : [String(rate), String(firstRate)];
  const { success, stdout } = await new Deno.Command("taskset", {
    args: ["1", PRODUCER, "stream", String(count), ...words],
    stdin: "null",
  }).output();
  if (!success) throw new Error(`${PRODUCER} failed`);
  return Number(new TextDecoder().decode(stdout));
}

async function consume(side: Side, work: Work): Promise<Figures> {
  const words = [work.program, String(work.count), ...(work.timed ? ["later"] : [])];
  const [program, args] = measured(side, ...words);
  const consumer = new Deno.Command("taskset", {
    args: ["2", program, ...args],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    consumer.kill("SIGKILL");
  }, RUN_MS);
  try {
    return await follow(consumer, `${side} ${words.join(" ")}`, work);
  } catch (error) {
    if (!isLate) throw error;
    throw new Error(`${side} ${words.join(" ")} did not end within ${RUN_MS / 1000} s`);
  } finally {
    clearTimeout(timer);
  }
}

/** Produces events once a consumer is ready; returns the figures that it prints. */
async function follow(consumer: Deno.ChildProcess, name: string, work: Work): Promise<Figures> {
  const output = consumer.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const readUntil = async (isEnough: () => boolean) => {
    while (!isEnough()) {
      const { value, done } = await output.read();
      if (done) break;
      text += value;
    }
  };
  await readUntil(() => text.includes("ready\n"));
  const producer = await produce(work);
  await readUntil(() => false);
  if (!(await consumer.status).success) throw new Error(`${name} failed`);
  const [first = NaN, cpu = NaN, lost = NaN, wrong = NaN, mid = NaN, late = NaN] = text.slice(
    text.indexOf("ready\n") + 6,
  ).trim().split(" ").map(Number);
  if (wrong > 0) throw new Error(`${name}: ${wrong} gaps without a loss`);
  return { first, consumer: cpu, producer, lost, median: mid, late };
}

/** Both sides in turn, with the cost of the same work untraced where that counts. */
async function compare(work: Work, bounds: Bounds): Promise<Record<Side, Figures>[]> {
  const pairs: Record<Side, Figures>[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const untraced = "producer" in bounds ? await produce(work) : 0;
    const above = (figures: Figures) => ({ ...figures, producer: figures.producer - untraced });
    const native = above(await consume("native", work));
    pairs.push({ native, guest: above(await consume("guest", work)) });
  }
  return pairs;
}

/** Rows of one piece of work: a row for each figure with a bound, and one for lost events. */
function measureWork(name: string, work: Work, bounds: Bounds): Measure {
  return async () => {
    const pairs = await compare(work, bounds);
    const rows = (Object.keys(bounds) as (keyof Figures)[])
      .map((figure) => rowOf(`${name}, ${NAMES[figure]}`, pairs, figure, bounds[figure]));
    const lost = (side: Side) => pairs.reduce((sum, pair) => sum + pair[side].lost, 0);
    if (lost("guest") === 0 && lost("native") === 0) return rows;
    return [...rows, {
      what: `${name}, events lost`,
      unit: "events",
      native: lost("native"),
      wasmBpf: lost("guest"),
      ratio: lost("guest") / lost("native"),
      atMost: { figure: 0 },
    }];
  };
}

function rowOf(
  what: string,
  pairs: readonly Record<Side, Figures>[],
  figure: keyof Figures,
  bound: Bound | undefined,
): Row {
  const of = (side: Side) => median(pairs.map((pair) => pair[side][figure]));
  const ratios = pairs.map(({ native, guest }) => guest[figure] / native[figure]);
  const { above, ...atMost } = bound ?? {};
  return {
    what,
    unit: figure === "median" || figure === "late" ? "us" : "ns",
    native: of("native"),
    wasmBpf: of("guest"),
    ratio: median(ratios),
    spread: spreadOf(ratios),
    atMost: above === undefined ? atMost : { figure: of("native") + above },
  };
}

/** Bounds of a row; `above` is more than native's figure. */
type Bound = { ratio?: number; figure?: number; above?: number };
type Bounds = Partial<Record<keyof Figures, Bound>>;

const FAST: Bounds = { consumer: { ratio: 0.3 }, producer: { ratio: 0.25 } };
const FAST_ARRAY: Bounds = { consumer: { ratio: 0.5 }, producer: { ratio: 0.5 } };
const SLOW: Bounds = { consumer: { ratio: 1.3 }, first: {} };
/** Microseconds. */
const RARE: Bounds = { median: { above: 100 }, late: { above: 100 } };

const MEASURES = [
  measureWork("full rate", { program: "stream", count: 2_000_000 }, FAST),
  measureWork("400,000/s", { program: "stream", count: 1_000_000, rate: 400_000 }, FAST),
  measureWork("10,000/s", { program: "stream", count: 30_000, rate: 10_000 }, SLOW),
  measureWork("1,000/s", { program: "stream", count: 8000, rate: 1000 }, SLOW),
  measureWork(
    "100/s",
    { program: "stream", count: 1200, rate: 100, firstRate: 1000, timed: true },
    RARE,
  ),
  measureWork(
    "full rate, timed",
    { program: "stream", count: 4_000_000, timed: true },
    { late: { figure: 1500 } },
  ),
  measureWork("perf array, full rate", { program: "stream_perf", count: 300_000 }, FAST_ARRAY),
  measureWork(
    "perf array, 400,000/s",
    { program: "stream_perf", count: 300_000, rate: 400_000 },
    FAST_ARRAY,
  ),
];

const NAMES: Readonly<Record<keyof Figures, string>> = {
  first: "the same of the first half",
  consumer: "CPU of the consumer an event",
  producer: "CPU of the traced program an event",
  lost: "events lost",
  median: "delay, median",
  late: "delay, 99th of 100",
};

if (import.meta.main) Deno.exit(report(await measureAll(MEASURES)));
