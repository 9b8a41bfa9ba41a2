import { basename } from "node:path";
import { findRuntimeBase } from "../steps/denort.ts";
import { addEntry, ENTRY_SOURCE } from "../steps/entry.ts";
import { loaderOf, makeCode, SCRIPT, SCRIPT_CODE, scriptOf } from "../steps/start_script.ts";
import { BuildError } from "../lib/errors.ts";
import { run } from "../lib/process.ts";
import { PAGE } from "../steps/page.ts";
import { PUMPS } from "../steps/pump.ts";
import { SDK_FILES } from "../steps/sdk.ts";
import { SHIM } from "../steps/shim.ts";
import { TOOL_BOX } from "../steps/tools.ts";
import { filesUnder, replaceFile, runStep, writeFile } from "../lib/step.ts";

/** Compiled program: one file without dependencies to install. */
export const BINARY = "dist/wasm-bpf";

/** Permissions of the program, independent of a guest's grants. */
const PERMISSIONS = [
  // The shim: libbpf, and the system calls that a guest's files and clocks need.
  "--allow-ffi",
  // The module to run. Its path is the user's to choose.
  "--allow-read",
  // Output of `gen -o` and `pull -o`, and the store of pulled modules.
  "--allow-write",
  // Registries.
  "--allow-net",
  // Where the store and credentials are, proxies, and what people set for commands.
  "--allow-env",
  // Programs that keep credentials (docker-credential-*).
  "--allow-run",
  // Whose the store is.
  "--allow-sys=uid",
];

/** Modules in one file. */
interface Part {
  readonly entry: string;
  readonly bundle: string;
  /** Imports, as they are written, of other parts. */
  readonly imports?: readonly string[];
}

/**
 * The modules in a few files, which start earlier than the many they are made of: what a plain run
 * takes, as a script with V8's code for it; what finds a module in the store, what serves a run's figures, and the whole program, which
 * the first loads for everything else. One folder deep, as the modules are: what they read stands relative to them.
 */
const PLAIN: Part = { entry: "cli/mod.ts", bundle: ".cache/plain.js" };
/** Runs the script made of the first; see `start_script.ts`. */
const LOADER = ".cache/main.js";
const PARTS: readonly Part[] = [
  { entry: "cli/startup/stored_run.ts", bundle: ".cache/stored_run.js" },
  { entry: "service/otlp/export.ts", bundle: ".cache/export.js" },
  {
    entry: "cli/startup/serve.ts",
    bundle: ".cache/serve.js",
    imports: ["../../service/otlp/export.ts"],
  },
  { entry: "cli/dispatch.ts", bundle: ".cache/dispatch.js" },
];

const FOLDERS = ["bindgen", "cli", "ebpf", "ffi", "oci", "records", "runtime", "service"];

/** The modules that the program is made of. */
export function programModules(): string[] {
  const isModule = (path: string) => path.endsWith(".ts") && !path.endsWith("_test.ts");
  return ["main.ts", ...FOLDERS.flatMap((folder) => filesUnder(folder, isModule))];
}

/** Makes the program, with the shim and the pump inside. */
export async function compileBinary(): Promise<void> {
  await runStep({
    name: "wasm-bpf",
    inputs: [
      ...programModules(),
      "deno.json",
      "deno.lock",
      "build/tasks/compile.ts",
      "build/steps/entry.ts",
      "build/steps/start_script.ts",
      ENTRY_SOURCE,
      SHIM,
      ...PUMPS,
      SDK_FILES,
      TOOL_BOX,
      PAGE,
    ],
    key: Deno.version.deno,
    outputs: [BINARY],
    async make() {
      for (const part of PARTS) await bundlePart(part, part.imports ?? []);
      await makeStart();
      await compileTo(BINARY, LOADER, [SCRIPT, SCRIPT_CODE]);
    },
  });
}

/** Makes what a plain run takes. */
async function makeStart(): Promise<void> {
  const entries = PARTS.map(({ entry }) => entry).filter((entry) => entry.startsWith("cli/"));
  const parts = new Map(
    entries.map((entry) => [entry.replace(/^cli/, "."), `./${basename(entry, ".ts")}.js`]),
  );
  await bundle(PLAIN, [...parts.keys()].flatMap((path) => ["--external", path]));
  writeFile(SCRIPT, scriptOf(await Deno.readTextFile(PLAIN.bundle), parts));
  await makeCode(V8_FLAGS);
  writeFile(LOADER, loaderOf(parts.values()));
}

/** Makes the program out of one bundle instead of three, to measure what the split wins. */
export async function compileUnsplit(output: string): Promise<void> {
  const whole = { entry: "main.ts", bundle: ".cache/unsplit.js" };
  await bundle(whole, []);
  await compileTo(output, whole.bundle, []);
}

/**
 * V8 calls the shim directly from code of its last compiler alone; from the one before, through
 * Deno's general way: several microseconds when its code is not in the processor's caches, as with
 * events a millisecond apart. A poll's functions get there after 3,000 calls by default.
 */
const V8_FLAGS = [
  "--invocation-count-for-turbofan=500",
  "--minimum-invocations-after-ic-update=100",
];

async function compileTo(
  output: string,
  bundle: string,
  files: readonly string[],
): Promise<void> {
  const base = await findRuntimeBase();
  const env = base.kind === "file" ? { DENORT_BIN: base.path } : {};
  const included = [SHIM, ...PUMPS, SDK_FILES, TOOL_BOX, PAGE, ...files]
    .flatMap((path) => ["--include", path]);
  await replaceFile(output, async (path) => {
    // Deno's code cache would be read from a predictable path under /tmp at the next start.
    const options = [
      ...["--no-code-cache", "--no-prompt", `--v8-flags=${V8_FLAGS.join(",")}`],
      ...PERMISSIONS,
      ...included,
    ];
    await run("deno", ["compile", ...options, "--output", path, bundle], { env });
    await addEntry(path);
  });
}

/** Bundles a part, whose imports of other parts stay imports. */
async function bundlePart(part: Part, imports: readonly string[]): Promise<void> {
  await bundle(part, imports.flatMap((path) => ["--external", path]));
  await redirectImports(part.bundle, imports);
}

async function bundle(
  { entry, bundle }: { entry: string; bundle: string },
  options: string[],
): Promise<void> {
  const fixed = ["--quiet", "--minify", "--platform", "deno"];
  await run("deno", ["bundle", ...fixed, ...options, "--output", bundle, entry]);
}

/** Redirects the modules' imports of sources to bundles. */
async function redirectImports(path: string, entries: readonly string[]): Promise<void> {
  let text = await Deno.readTextFile(path);
  for (const entry of entries) {
    const parts = text.split(`import("${entry}")`);
    if (parts.length !== 2) {
      throw new BuildError(
        `Cannot bundle the program: ${parts.length - 1} imports of ${entry} in ${path}`,
      );
    }
    text = parts.join(`import("./${basename(entry, ".ts")}.js")`);
  }
  await Deno.writeTextFile(path, text);
}
