import { basename, join } from "node:path";
import { buildAssemblyScriptGuest } from "../steps/assemblyscript.ts";
import { BuildError } from "../lib/errors.ts";
import { buildGoGuest } from "../steps/go.ts";
import { buildCGuests, buildCModule, guestFolders, publishObjects } from "../steps/guests.ts";
import { say } from "../lib/output.ts";
import { programState, run, runAttached, TIME_IS_UP } from "../lib/process.ts";
import { buildPeer } from "../steps/peers.ts";
import { buildGatesShim } from "../steps/shim.ts";
import { buildRustGuest, hasRust } from "../steps/rust.ts";
import { filesUnder, replaceFile, runStep } from "../lib/step.ts";
import { DEPS, LIBBPF_VERSION_FILE } from "../steps/third_party.ts";

const NATIVE = ".cache/bench";

const OPTIONS = [
  ...["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror"],
  ...["-isystem", `${DEPS}/uapi`, "-isystem", `${DEPS}/include`],
];
const LIBRARIES = ["libbpf.a", "libelf.a", "libeu.a", "libz.a"].map((name) =>
  `${DEPS}/lib/${name}`
);

/** Builds the guests that are measured. */
export async function buildMeasured(): Promise<void> {
  for (const folder of guestFolders("bench/guests", "dist/bench")) {
    await buildCGuests(folder);
    publishObjects(folder);
  }
  const folder = {
    path: "bench/guests/measure",
    output: "dist/bench",
    objects: ".cache/guests/bench/guests/measure",
  };
  await buildCModule(folder, {
    name: "bench/guests/measure, functions that every runtime has",
    source: join(folder.path, "measure.c"),
    objects: filesUnder(folder.objects),
    output: "dist/bench/base.wasm",
    options: ["-DBASE_ALONE"],
  });
}

/**
 * Builds the guests that `bench/languages.ts` compares with those in C, with the same eBPF half.
 */
export async function buildMeasuredLanguages(): Promise<void> {
  const folder = "bench/guests/languages";
  const objects = ".cache/guests/bench/guests/measure";
  const output = (language: string) => `dist/bench/languages-${language}.wasm`;
  if (hasRust()) {
    const source = `${folder}/rust/languages.rs`;
    await buildRustGuest({ source, objects, output: output("rust"), options: ["-O"] });
  }
  await buildGoGuest({ path: `${folder}/go`, objects, output: output("go") });
  const source = `${folder}/assemblyscript/languages.ts`;
  await buildAssemblyScriptGuest({ source, objects, output: output("assemblyscript") });
}

/** Builds the native programs for comparison, with the same libbpf as the shim. */
export async function buildNative(): Promise<void> {
  for (const source of filesUnder("bench/native", (path) => path.endsWith(".c"))) {
    const output = join(NATIVE, basename(source, ".c"));
    await runStep({
      name: source,
      inputs: [
        source,
        // A twin may share a header, or all its code, with the guest.
        ...filesUnder("bench", (path) => path.endsWith(".h")),
        ...filesUnder("bench/guests", (path) => path.endsWith(".c") && !path.endsWith(".bpf.c")),
        ...[LIBBPF_VERSION_FILE, "build/tasks/bench.ts"],
      ],
      key: programState("clang"),
      outputs: [output],
      make: () =>
        replaceFile(output, async (path) => {
          await run("clang", [...OPTIONS, source, "-o", path, ...LIBRARIES]);
        }),
    });
  }
}

/** Time after which a benchmark is killed: it hangs, since each takes a few minutes at most. */
const LIMIT_MS = 8 * 60_000;

/**
 * Runs the benchmarks with these names, or every one, in turn; with `--json` each prints its rows as one
 * line of JSON. The exit code is that of the first that failed.
 */
export async function bench(args: readonly string[]): Promise<number> {
  const options = args.filter((word) => word === "--json");
  const names = args.filter((word) => word !== "--json");
  const programs = benchPrograms();
  for (const name of names) {
    if (programs.some((path) => basename(path, ".ts") === name)) continue;
    throw new BuildError(`Cannot run benchmark ${name}: bench/${name}.ts not found`, {
      hint: `there are ${programs.map((path) => basename(path, ".ts")).join(", ")}`,
    });
  }
  if (names.length === 0 || names.includes("permissions")) await buildGatesShim();
  if (names.length === 0 || names.includes("peers")) await buildPeer();
  let code = 0;
  for (const path of programs) {
    if (names.length > 0 && !names.includes(basename(path, ".ts"))) continue;
    const limit = { limitMs: LIMIT_MS };
    const result = await runAttached("deno", ["run", "-A", path, ...options], limit);
    if (result === TIME_IS_UP) {
      say(`error: Cannot finish ${path}: it took ${LIMIT_MS / 60_000} minutes`);
    }
    code ||= result;
  }
  return code;
}

/** Returns the paths of all benchmarks. */
export function benchPrograms(): string[] {
  return filesUnder("bench", isProgram);
}

/** Other files in that folder are modules that these share. */
function isProgram(path: string): boolean {
  return /^bench\/[^/]+\.ts$/.test(path) && !path.endsWith("_test.ts") &&
    Deno.readTextFileSync(path).includes("import.meta.main");
}
