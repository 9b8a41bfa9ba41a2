/** Runs a list of cases under another kernel: one boot of `kernel_vm`, one case after another. */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { fromFileUrl } from "./paths.ts";
import { WASM_BPF } from "./cli.ts";
import { TestFolder } from "./folder.ts";

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

/** Output and exit code of a run in a virtual machine. */
export interface KernelResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Longest time for booting on a busy machine, and for each case: in the machine's own time. */
const BOOT_SECONDS = 120;
const CASE_SECONDS = 90;

/** Rounds of `stir`, each followed by 0.1 s: a case that needs more has failed. */
const ROUNDS = 150;

/**
 * Boots a kernel, runs the cases in it, and returns their results by name. A case that did not run,
 * since the machine ended before it, has no result.
 */
export async function runInKernel(
  kernel: Kernel,
  cases: readonly KernelCase[],
  { name: processor, programs }: Processor = { name: "x86_64" },
): Promise<Map<string, KernelResult>> {
  using folder = new TestFolder();
  const mark = `@${crypto.randomUUID()}`;
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
  const own = (path: string) => {
    const other = programs === undefined ? path : `${programs}/${basename(path)}`;
    return existsSync(other) ? other : path;
  };
  const files = new Set([WASM_BPF, ...cases.flatMap(({ files = [] }) => files)].map(own));
  const modules = new Set(cases.flatMap(({ modules = [] }) => modules));
  const { code, stdout, stderr } = await new Deno.Command(fromFileUrl("./kernel_vm"), {
    args: [
      ...[
        "--arch",
        processor,
        "--append",
        "lsm=landlock,yama,bpf",
        "--with",
        `${folder.path}:/cases`,
      ],
      ...["--timeout", `${BOOT_SECONDS + CASE_SECONDS * cases.length}`],
      ...[...files].flatMap((path) => ["--with", path]),
      ...[...modules].flatMap((name) => ["--module", name]),
      ...[kernel, "--", "sh", "/cases/main"],
    ],
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  if (code !== 0) {
    throw new Error(`kernel ${kernel}: exit code ${code}\n${decoder.decode(stderr)}`);
  }
  return results(decoder.decode(stdout), mark, cases);
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
while [ $i -lt ${count} ]; do
  case=/cases/$i
  rm -f /run/ended /run/stdout /run/stderr
  timeout 10 sh $case.prepare >/dev/null
  stir >/dev/null &
  timeout -s KILL ${CASE_SECONDS} sh $case.run </dev/null >/run/stdout 2>/run/stderr; code=$?
  : >/run/ended
  wait
  printf '%s %s\\n' ${mark} $code; cat /run/stdout
  printf '%s\\n' ${mark}; cat /run/stderr
  i=$((i + 1))
done 2>/dev/null
printf '%s\\n' ${mark}`;
}

function results(
  text: string,
  mark: string,
  cases: readonly KernelCase[],
): Map<string, KernelResult> {
  const found = new Map<string, KernelResult>();
  // Empty, then for each case its exit code with its output, and its errors.
  const parts = text.split(mark).slice(1);
  cases.forEach(({ name }, i) => {
    const [out, err] = parts.slice(2 * i, 2 * i + 2);
    const match = out?.match(/^ (\d+)\n/);
    if (out === undefined || err === undefined || !match) return;
    found.set(name, {
      code: Number(match[1]),
      stdout: out.slice(match[0].length),
      stderr: err.slice(1),
    });
  });
  return found;
}
