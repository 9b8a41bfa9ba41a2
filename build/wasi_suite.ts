/** The conformance suite in C: many small modules, without a libc, compiled side by side. */
import { basename, dirname, join } from "node:path";
import { programState } from "./programs.ts";
import { run } from "./process.ts";
import { filesUnder, replaceFile, runStep } from "./step.ts";

/** Where the suite's sources are. */
export const WASI_SUITE = "tests/guests/wasi-suite-c";
const OUTPUT = "dist/tests/wasi-suite";

const OPTIONS = [
  ...["--target=wasm32", "-ffreestanding", "-nostdlib", "-O1"],
  ...["-Wall", "-Wextra", "-Werror", "-Wl,--strip-all"],
];

/** Builds each `X.c` to `dist/tests/wasi-suite/X.wasm`, all of them when anything changed. */
export async function buildWasiSuite(): Promise<void> {
  const sources = filesUnder(WASI_SUITE, (path) => path.endsWith(".c"));
  await runStep({
    name: `${WASI_SUITE} (${sources.length} modules)`,
    inputs: [WASI_SUITE, "build/wasi_suite.ts"],
    key: programState("clang"),
    outputs: sources.map(outputOf),
    make: () => compileAll(sources),
  });
}

function outputOf(source: string): string {
  return join(OUTPUT, basename(source).replace(/\.c$/, ".wasm"));
}

/** Two compilers a core would only wait for each other. */
async function compileAll(sources: readonly string[]): Promise<void> {
  const left = [...sources];
  const work = async () => {
    for (let source = left.pop(); source !== undefined; source = left.pop()) await compile(source);
  };
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, work));
}

async function compile(source: string): Promise<void> {
  await replaceFile(outputOf(source), async (path) => {
    await run("clang", [...OPTIONS, `-I${dirname(source)}`, source, "-o", path]);
  });
}
