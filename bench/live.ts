/**
 * Benchmark: cost of metrics and a page to a run.
 *
 * A program makes 10,000 system calls a second, a tracepoint sends 64 bytes for each, and a plain object
 * prints them as JSON. Compared are the CPU times of the run's process without anything, and with
 * metrics that are scraped each second and a page that is open. The process that serves both is shown
 * as a row of its own, without a bound. Exit code 1 when a bound is missed.
 */
import { produce } from "./processes.ts";
import { type Measure, measureAll, median, report, type Row, spreadOf } from "./report.ts";

const ROUNDS = 5;
const RATE = 10_000;
const SECONDS = 5;
/** Most of the run's CPU time. */
const MOST_RATIO = 1.1;
/** Ticks a second of /proc/PID/stat (USER_HZ). */
const TICKS = 100;

const OBJECT = [
  ...["--only", "stream", "--event", "filled={u64 number; u64 dropped; u64 sent; u64 rest[5];}"],
  ...["-o", "jsonl", "dist/bench/measure.bpf.o"],
];

/** CPU milliseconds. */
interface Figures {
  readonly run: number;
  readonly service: number;
}

/** Returns the CPU time of a process in milliseconds. */
async function cpuOf(pid: number): Promise<number> {
  const text = await Deno.readTextFile(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 1000 / TICKS;
}

/** Returns the process that a run has started, if it has. */
async function childOf(pid: number): Promise<number | undefined> {
  const text = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`);
  return Number(text.split(" ")[0]) || undefined;
}

/** Reads everything that a page would. */
async function attend(link: URL, until: Promise<void>): Promise<void> {
  const { body } = await fetch(new URL("/feed", link), {
    headers: { authorization: `Bearer ${link.hash.slice(1)}` },
  });
  const reader = body?.getReader();
  void until.then(() => reader?.cancel());
  while ((await reader?.read())?.done === false);
}

/** Scrapes each second. */
async function scrape(address: string, until: Promise<void>): Promise<void> {
  let isOver = false;
  void until.then(() => isOver = true);
  while (!isOver) {
    await (await fetch(address)).text();
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

async function measure(isLive: boolean): Promise<Figures> {
  const options = isLive ? ["--metrics", "0", "--web"] : [];
  const child = new Deno.Command("taskset", {
    args: ["2", "dist/wasm-bpf", "--verbose", ...options, ...OBJECT],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let text = "";
  const read = (async () => {
    for await (const part of child.stderr.pipeThrough(new TextDecoderStream())) text += part;
  })();
  const over = Promise.withResolvers<void>();
  const find = async (pattern: RegExp) => {
    for (let tries = 0; tries < 600; tries++) {
      const found = pattern.exec(text)?.[1];
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`wasm-bpf did not start: ${text}`);
  };
  try {
    const readers: Promise<void>[] = [];
    if (isLive) {
      readers.push(scrape(await find(/^metrics: (\S+)$/m), over.promise));
      readers.push(attend(new URL(await find(/^page: (\S+)$/m)), over.promise));
    }
    // The first events find everything attached, compiled and sent once.
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await produce(RATE, RATE);
    const service = isLive ? await childOf(child.pid) : undefined;
    const before = [await cpuOf(child.pid), service === undefined ? 0 : await cpuOf(service)];
    await produce(RATE * SECONDS, RATE);
    const after = [await cpuOf(child.pid), service === undefined ? 0 : await cpuOf(service)];
    over.resolve();
    await Promise.all(readers);
    return {
      run: (after[0] ?? NaN) - (before[0] ?? NaN),
      service: (after[1] ?? NaN) - (before[1] ?? NaN),
    };
  } finally {
    over.resolve();
    child.kill("SIGINT");
    await child.status;
    await read;
  }
}

const compare: Measure = async (): Promise<Row[]> => {
  const pairs: { plain: number; live: number; service: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { run: plain } = await measure(false);
    const { run: live, service } = await measure(true);
    pairs.push({ plain, live, service });
  }
  const ratios = pairs.map(({ plain, live }) => live / plain);
  const plain = median(pairs.map((pair) => pair.plain));
  const service = median(pairs.map((pair) => pair.service));
  return [
    {
      what: `CPU of a run with metrics and a page, ${SECONDS} s of ${RATE} records a second`,
      unit: "ms",
      native: plain,
      wasmBpf: median(pairs.map((pair) => pair.live)),
      ratio: median(ratios),
      spread: spreadOf(ratios),
      ratioTo: "the run without them",
      atMost: { ratio: MOST_RATIO },
    },
    {
      what: "CPU of the process that serves them",
      unit: "ms",
      native: plain,
      wasmBpf: service,
      ratio: service / plain,
      ratioTo: "the run without them",
    },
  ];
};

if (import.meta.main) Deno.exit(report(await measureAll([compare])));
