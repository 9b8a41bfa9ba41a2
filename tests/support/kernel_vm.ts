/** Runs a list of cases under another kernel: one boot of `kernel_vm`, one case after another. */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { fromFileUrl } from "./paths.ts";
import { WASM_BPF } from "./cli.ts";
import { TestFolder } from "./folder.ts";
import { BEAT_SECONDS, type KernelResult, Progress, ResultReader } from "./kernel_progress.ts";

export type { KernelResult } from "./kernel_progress.ts";

/** Kernels of `./dev matrix`, oldest first. */
export const KERNELS = ["5.10", "6.1", "6.12", "newest"] as const;

/** Kernel of the matrix. */
export type Kernel = (typeof KERNELS)[number];

/** Processor of a virtual machine, and the folder of programs for it where this one has another. */
export interface Processor {
  readonly name: "x86_64" | "arm64";
  readonly programs?: string;
}

/** Processors of the matrix: arm64 on demand, see `build/steps/arm64.ts`. */
export const PROCESSORS: readonly Processor[] = [
  { name: "x86_64" },
  { name: "arm64", programs: fromFileUrl("../../dist/tests/arm64") },
];

/** Run of the binary in a virtual machine. */
export interface KernelCase {
  readonly name: string;
  /** Arguments of the binary. Text for a shell: quotes and variables work. */
  readonly run: string;
  /** Files and folders to copy into the machine, to `/NAME`. */
  readonly files?: readonly string[];
  /** Shell commands to run once, before the binary. */
  readonly prepare?: string;
  /** Shell commands that trigger the programs, repeated until `until` matches. */
  readonly stir?: string;
  /** Extended regular expression: the run is interrupted when a line of its output matches. */
  readonly until?: string;
  /** Modules of the kernel to load. */
  readonly modules?: readonly string[];
  /** Checks the run; throws if it is wrong. */
  check(result: KernelResult, kernel: Kernel, processor: Processor["name"]): void;
}

/** Longest time for a case, in the machine's own time: a busy host slows its clock down as well. */
const CASE_SECONDS = 90;

/** Rounds of `stir`, each followed by 0.1 s: a case that needs more has failed. */
const ROUNDS = 150;

/** Longest time of the host for a boot with all cases, however slow it is. */
const MACHINE_SECONDS = 4 * 3600;

/** Boot of a kernel, whose cases run one after another. */
export interface KernelRun {
  /** Resolves when the case has run; to `undefined` if the machine ended before it did. */
  result(name: string): Promise<KernelResult | undefined>;
  /** Resolves when the machine has ended; to its error if it failed. */
  readonly ended: Promise<Error | undefined>;
}

/**
 * Boots a kernel, and runs the cases in it. A machine that makes no progress is ended; one that is
 * slow, on a busy host, is not.
 */
export function runInKernel(
  kernel: Kernel,
  cases: readonly KernelCase[],
  processor: Processor = { name: "x86_64" },
): KernelRun {
  const results = cases.map(() => Promise.withResolvers<KernelResult | undefined>());
  let count = 0;
  const ended = boot(kernel, cases, processor, (result) => results[count++]?.resolve(result))
    .then(() => undefined, (error: Error) => error)
    .finally(() => results.forEach(({ resolve }) => resolve(undefined)));
  return {
    ended,
    result: async (name) => await results[cases.findIndex((each) => each.name === name)]?.promise,
  };
}

async function boot(
  kernel: Kernel,
  cases: readonly KernelCase[],
  { name: processor, programs }: Processor,
  onResult: (result: KernelResult) => void,
): Promise<void> {
  using folder = new TestFolder();
  const mark = `@${crypto.randomUUID()}`;
  await writeCases(folder, mark, cases);
  const own = (path: string) => {
    const other = programs === undefined ? path : `${programs}/${basename(path)}`;
    return existsSync(other) ? other : path;
  };
  const files = new Set([WASM_BPF, ...cases.flatMap(({ files = [] }) => files)].map(own));
  const modules = new Set(cases.flatMap(({ modules = [] }) => modules));
  const machine = new Deno.Command(fromFileUrl("./kernel_vm"), {
    args: [
      ...["--arch", processor, "--append", "lsm=landlock,yama,bpf"],
      ...["--with", `${folder.path}:/cases`, "--timeout", `${MACHINE_SECONDS}`],
      ...[...files].flatMap((path) => ["--with", path]),
      ...[...modules].flatMap((name) => ["--module", name]),
      ...[kernel, "--", "sh", "/cases/main"],
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const progress = new Progress(() => machine.kill("SIGTERM"));
  const reader = new ResultReader(mark, (result) => {
    progress.addResult();
    onResult(result);
  });
  let errors = "";
  try {
    await Promise.all([
      forEachText(machine.stdout, (text) => reader.push(text)),
      forEachText(machine.stderr, (text) => {
        errors += text;
        const beats = errors.split(`${mark}\n`);
        errors = beats.join("");
        if (beats.length > 1) progress.addBeats(beats.length - 1);
      }),
    ]);
  } finally {
    progress.stop();
  }
  const { code } = await machine.status;
  if (code === 0) return;
  throw new Error(`kernel ${kernel}: ${progress.fault ?? `exit code ${code}`}\n${errors}`);
}

async function writeCases(
  folder: TestFolder,
  mark: string,
  cases: readonly KernelCase[],
): Promise<void> {
  for (const [i, each] of cases.entries()) {
    const texts = {
      run: `echo $$ >/run/pid; exec /wasm-bpf ${each.run}`,
      prepare: each.prepare ?? ":",
      stir: each.stir ?? ":",
      until: each.until ?? "$^",
    };
    for (const [name, text] of Object.entries(texts)) {
      await Deno.writeTextFile(folder.at(`${i}.${name}`), `${text}\n`);
    }
  }
  await Deno.writeTextFile(folder.at("main"), script(mark, cases.length));
}

async function forEachText(
  stream: ReadableStream<Uint8Array>,
  onText: (text: string) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  for await (const bytes of stream) onText(decoder.decode(bytes, { stream: true }));
}

/** Shell script that runs the cases `0` to `count - 1`, and prints what each wrote. */
function script(mark: string, count: number): string {
  // The binary is in the foreground, since a background process of this shell would ignore SIGINT.
  return `cd /tmp; i=0
stir() {
  round=0
  until grep -qsE -f $case.until /run/stdout || [ $round = ${ROUNDS} ] || [ -e /run/ended ]; do
    timeout 10 sh $case.stir </dev/null
    usleep 100000
    round=$((round + 1))
  done
  # Once: a second signal would end the binary at once.
  [ -e /run/ended ] || kill -INT $(cat /run/pid)
}
while sleep ${BEAT_SECONDS}; do echo ${mark} >&2; done &
while [ $i -lt ${count} ]; do
  case=/cases/$i
  rm -f /run/ended /run/stdout /run/stderr
  timeout 10 sh $case.prepare >/dev/null
  stir >/dev/null & stirring=$!
  timeout -s KILL ${CASE_SECONDS} sh $case.run </dev/null >/run/stdout 2>/run/stderr; code=$?
  : >/run/ended
  wait $stirring
  printf '%s %s\\n' ${mark} $code; cat /run/stdout
  printf '%s\\n' ${mark}; cat /run/stderr
  printf '%s.\\n' ${mark}
  i=$((i + 1))
done 2>/dev/null`;
}
