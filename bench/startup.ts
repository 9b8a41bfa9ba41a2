/**
 * Benchmark: time until both programs of the tracer are attached.
 *
 * From process start to the first byte on standard output, which the guest prints when both are
 * attached; not to the exit, since detaching tracepoints costs the kernel the same for every
 * loader. Measured in turn with a native libbpf loader of the same object, and an empty program
 * made by `deno compile`. Exit code 1 when wasm-bpf takes more than 1.4 times the sum of the two.
 */
import { findRuntimeBase } from "../build/steps/denort.ts";
import { report } from "./report.ts";
import { median } from "./statistics.ts";

const ROUNDS = 25;

const FIRST_BYTE = ".cache/bench/first_byte";
const EMPTY = ".cache/bench/empty";

const SUBJECTS = {
  native: [".cache/bench/startup", "OBJECT"],
  empty: [EMPTY],
  wasmBpf: ["dist/wasm-bpf", "dist/examples/bootstrap/bootstrap.wasm"],
} as const;

/**
 * Each program is measured as a copy made just before. How the kernel keeps a file's pages (their size,
 * whether it has begun to drop them) depends on when it was written: with one program new and another of
 * yesterday, that makes a difference of 8 ms.
 */
const COPIES = ".cache/bench/copies";

type Subject = keyof typeof SUBJECTS;

async function run(program: string, args: string[], env?: Record<string, string>): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    stdin: "null",
    ...(env === undefined ? {} : { env }),
  }).output();
  if (!success) {
    throw new Error(`${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  }
  return new TextDecoder().decode(stdout);
}

async function compileEmpty(): Promise<void> {
  const base = await findRuntimeBase();
  const env = base.kind === "file" ? { DENORT_BIN: base.path } : {};
  await run("deno", [
    ...["compile", "--quiet", "--no-code-cache", "--output", EMPTY],
    "bench/programs/empty.ts",
  ], env);
}

/**
 * One measurement in milliseconds. libbpf needs tracefs mounted, which here happens in a mount
 * namespace of the measurement's own; all three run in one.
 */
async function measure(subject: Subject, object: string): Promise<number> {
  const script = `mount --make-rprivate /sys
    test -e /sys/kernel/tracing/events || mount -t tracefs tracefs /sys/kernel/tracing
    exec "$@"`;
  const [, ...args] = SUBJECTS[subject];
  const command = [`${COPIES}/${subject}`, ...args.map((it) => it === "OBJECT" ? object : it)];
  const text = await run("unshare", [
    ...["--mount", "--propagation", "unchanged", "/bin/sh", "-c", script, "sh"],
    ...[FIRST_BYTE, ...command],
  ]);
  return Number(text) / 1e6;
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
  const ms: Record<Subject, number[]> = { native: [], empty: [], wasmBpf: [] };
  const subjects = Object.keys(SUBJECTS) as Subject[];
  for (const subject of subjects) await measure(subject, object);
  for (let round = 0; round < ROUNDS; round++) {
    for (const subject of subjects) ms[subject].push(await measure(subject, object));
  }
  const ratio = (whole: (round: number) => number) =>
    median(ms.wasmBpf.map((value, round) => value / whole(round)));
  const toSum = ratio((round) => (ms.native[round] ?? NaN) + (ms.empty[round] ?? NaN));
  const toNative = ratio((round) => ms.native[round] ?? NaN);
  const native = median(ms.native);
  const wasmBpf = median(ms.wasmBpf);
  const empty = median(ms.empty);
  return report([
    {
      what: "start to attached",
      unit: "ms",
      native,
      wasmBpf,
      ratio: toSum,
      ratioTo: `native + empty program of ${empty.toPrecision(3)} ms`,
      atMost: { ratio: 1.4 },
    },
    { what: "compared with native alone", unit: "ms", native, wasmBpf, ratio: toNative },
  ]);
}

if (import.meta.main) Deno.exit(await main());
