/**
 * Benchmark: time until both programs of the tracer are attached.
 *
 * From process start to the first byte on standard output, which the guest prints when both are
 * attached; not to the exit, since detaching tracepoints costs the kernel the same for every
 * loader. Measured in turn with a native libbpf loader of the same object, and an empty program
 * made by `deno compile`. Exit code 1 when wasm-bpf takes more than 1.2 times the sum of the two.
 */
import { findRuntimeBase } from "../build/steps/denort.ts";
import { COPIES, run, startToAttached } from "./start_to_attached.ts";
import { measureAll, median, report, type Row, spreadOf } from "./report.ts";

const ROUNDS = 21;

const EMPTY = ".cache/bench/empty";

const SUBJECTS = {
  native: [".cache/bench/startup", "OBJECT"],
  empty: [EMPTY],
  wasmBpf: ["dist/wasm-bpf", "dist/examples/bootstrap/bootstrap.wasm"],
} as const;

type Subject = keyof typeof SUBJECTS;
const subjects = Object.keys(SUBJECTS) as Subject[];

async function compileEmpty(): Promise<void> {
  const base = await findRuntimeBase();
  const env = base.kind === "file" ? { DENORT_BIN: base.path } : {};
  await run("deno", [
    ...["compile", "--quiet", "--no-code-cache", "--output", EMPTY],
    "bench/programs/empty.ts",
  ], env);
}

/** Measures one subject, in milliseconds. */
async function measure(subject: Subject, object: string): Promise<number> {
  const [, ...args] = SUBJECTS[subject];
  const words = args.map((it) => it === "OBJECT" ? object : it);
  return await startToAttached([`${COPIES}/${subject}`, ...words]);
}

async function main(): Promise<number> {
  const object = ".cache/guests/examples/bootstrap/bootstrap.bpf.o";
  await Deno.stat(object);
  await compileEmpty();
  await Deno.mkdir(COPIES, { recursive: true });
  for (const [subject, [program]] of Object.entries(SUBJECTS)) {
    await Deno.remove(`${COPIES}/${subject}`).catch(() => {/* It is the first time. */});
    await Deno.copyFile(program, `${COPIES}/${subject}`);
  }
  for (const subject of subjects) await measure(subject, object);
  return report(await measureAll([() => compare(object)]));
}

/** Measures the subjects in turn. */
async function compare(object: string): Promise<Row[]> {
  const ms: Record<Subject, number[]> = { native: [], empty: [], wasmBpf: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const subject of subjects) ms[subject].push(await measure(subject, object));
  }
  const compared = (whole: (round: number) => number) => {
    const ratios = ms.wasmBpf.map((value, round) => value / whole(round));
    return { ratio: median(ratios), spread: spreadOf(ratios) };
  };
  const toSum = compared((round) => (ms.native[round] ?? NaN) + (ms.empty[round] ?? NaN));
  const figures = { unit: "ms", native: median(ms.native), wasmBpf: median(ms.wasmBpf) } as const;
  return [
    {
      ...{ what: "start to attached", ...figures, ...toSum },
      ratioTo: `native + empty program of ${median(ms.empty).toPrecision(3)} ms`,
      atMost: { ratio: 1.2 },
    },
    {
      ...{ what: "compared with native alone", ...figures },
      ...compared((round) => ms.native[round] ?? NaN),
    },
  ];
}

if (import.meta.main) Deno.exit(await main());
