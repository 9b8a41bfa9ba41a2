/** The conformance suite in C: many small modules, without a libc, compiled side by side. */
import { basename, dirname, join } from "node:path";
import { programState, run } from "../lib/process.ts";
import { filesUnder, replaceFile, runStep } from "../lib/step.ts";

/** Where the suite's sources are. */
export const WASI_SUITE = "tests/guests/wasi-suite-c";
const OUTPUT = "dist/tests/wasi-suite";

const OPTIONS = [
  ...["--target=wasm32", "-ffreestanding", "-nostdlib", "-O1"],
  ...["-Wall", "-Wextra", "-Werror", "-Wl,--strip-all"],
];

/** The one module that is for the interface of 2019 alone. */
const UNSTABLE = `${WASI_SUITE}/unstable.c`;

/** Module to build, and its options in addition to the common ones. */
interface Module {
  readonly source: string;
  readonly output: string;
  readonly defines: readonly string[];
}

/**
 * Builds each `X.c` to `dist/tests/wasi-suite/X.wasm`, and to `X-unstable.wasm` for `wasi_unstable`; all
 * of them when anything changed.
 */
export async function buildWasiSuite(): Promise<void> {
  const sources = filesUnder(WASI_SUITE, (path) => path.endsWith(".c"));
  const modules = sources.flatMap(modulesOf);
  await runStep({
    name: `${WASI_SUITE} (${modules.length} modules)`,
    inputs: [WASI_SUITE, "build/steps/wasi_suite.ts"],
    key: programState("clang"),
    outputs: modules.map(({ output }) => output),
    make: () => compileAll(modules),
  });
}

function modulesOf(source: string): Module[] {
  const output = join(OUTPUT, basename(source).replace(/\.c$/, ".wasm"));
  const now: Module = { source, output, defines: [] };
  if (source === UNSTABLE) return [now];
  const old = output.replace(/\.wasm$/, "-unstable.wasm");
  return [now, { source, output: old, defines: ["-DWASI_UNSTABLE"] }];
}

/** One compiler a core: more would only wait for each other. */
async function compileAll(modules: readonly Module[]): Promise<void> {
  const left = [...modules];
  const work = async () => {
    for (let module = left.pop(); module !== undefined; module = left.pop()) await compile(module);
  };
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, work));
}

async function compile({ source, output, defines }: Module): Promise<void> {
  await replaceFile(output, async (path) => {
    await run("clang", [...OPTIONS, ...defines, `-I${dirname(source)}`, source, "-o", path]);
  });
}
