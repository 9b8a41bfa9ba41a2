import { basename, resolve } from "node:path";
import { fetchArm64Base, findRuntimeBase } from "../steps/denort.ts";
import { type Carried, loaderOf, pack } from "../steps/carried.ts";
import { addEntry, buildEntry, carriedAt, ENTRY_SOURCE } from "../steps/entry.ts";
import { makeCode, type Script, scriptFiles, scriptOf } from "../steps/scripts.ts";
import { run } from "../lib/process.ts";
import { PAGE } from "../steps/page.ts";
import { PUMPS } from "../steps/pump.ts";
import { SDK_FILES } from "../steps/sdk.ts";
import { SHIM } from "../steps/shim.ts";
import { TOOL_BOX } from "../steps/tools.ts";
import { copyFile, filesUnder, replaceFile, runStep, writeFile } from "../lib/step.ts";
import { ARM64, stepName } from "../lib/target.ts";

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

/** Modules in one script. */
interface Part extends Script {
  readonly entry: string;
  /** Imports, as they are written, of other parts by their names. */
  readonly imports?: Readonly<Record<string, string>>;
}

/**
 * The modules in a few scripts, which start earlier than the many they are made of: what a plain run
 * takes, what finds a module in the store, what serves a run's figures, and the whole program, which
 * the first loads for everything else. Those that a command waits for have code of all functions.
 */
const PARTS: readonly Part[] = [
  {
    name: "start",
    whole: true,
    entry: "cli/mod.ts",
    imports: {
      "./startup/stored_run.ts": "stored_run",
      "./startup/serve.ts": "serve",
      "./dispatch.ts": "dispatch",
    },
  },
  { name: "stored_run", whole: true, entry: "cli/startup/stored_run.ts" },
  { name: "export", whole: false, entry: "service/otlp/export.ts" },
  {
    name: "serve",
    whole: false,
    entry: "cli/startup/serve.ts",
    imports: { "../../service/otlp/export.ts": "export" },
  },
  { name: "dispatch", whole: true, entry: "cli/dispatch.ts" },
];
/** Module that `deno compile` takes: it maps the files that the program carries and runs the first script. */
const LOADER = ".cache/main.js";

/** Files that `ffi/assets.ts` reads. */
const ASSETS = [SHIM, ...PUMPS, SDK_FILES, TOOL_BOX, PAGE];

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
      "build/steps/carried.ts",
      "build/steps/entry.ts",
      "build/steps/scripts.ts",
      ENTRY_SOURCE,
      ...ASSETS,
    ],
    key: Deno.version.deno,
    outputs: [BINARY],
    async make() {
      for (const part of PARTS) await makeScript(part);
      const entry = await buildEntry();
      let at = 0;
      await makeCode(PARTS, V8_FLAGS, async (program) => {
        at = carriedAt(await Deno.readFile(program), entry);
      });
      const carried = { ...packed(), at };
      writeFile(LOADER, loaderOf(carried, at));
      await compileTo(BINARY, LOADER, { entry, carried });
    },
  });
}

async function makeScript({ name, entry, imports = {} }: Part): Promise<void> {
  const output = `.cache/scripts/${name}.module.js`;
  await bundle(entry, output, Object.keys(imports));
  const module = await Deno.readTextFile(output);
  writeFile(scriptFiles(name).script, scriptOf(module, new Map(Object.entries(imports))));
}

/** Puts scripts, their code and the other files together, under the names by which they are read. */
function packed(): Carried {
  const files = PARTS.flatMap(({ name }) => Object.values(scriptFiles(name)));
  return pack(
    new Map([...files, ...ASSETS].map((path) => [basename(path), Deno.readFileSync(path)])),
  );
}

/** Makes the program out of one module instead of scripts, to measure what they win. */
export async function compileUnsplit(output: string): Promise<void> {
  const module = ".cache/unsplit.js";
  await bundle("main.ts", module, []);
  await compileTo(output, module, { entry: await buildEntry() });
}

/**
 * Makes the program for arm64, out of one module: V8's code for scripts is made by running them.
 *
 * @param tree folder with the shim for arm64, at the path that it has here
 */
export async function compileArm64(tree: string, output: string): Promise<void> {
  const module = ".cache/unsplit.js";
  await runStep({
    name: stepName("wasm-bpf", ARM64),
    inputs: [
      ...[BINARY, `${tree}/${SHIM}`, "build/steps/denort.ts", "build/tools/denort-arm64"],
      ...["build/tasks/compile.ts", "build/lib/target.ts"],
    ],
    key: Deno.version.deno,
    outputs: [output],
    async make() {
      const base = await fetchArm64Base();
      await bundle("main.ts", `${tree}/${module}`, []);
      for (const path of ASSETS.filter((path) => path !== SHIM)) copyFile(path, `${tree}/${path}`);
      // Deno looks for the nearest one, and would take all that is next to it.
      writeFile(`${tree}/deno.json`, "{}");
      await replaceFile(output, async (path) => {
        const options = [...compileOptions(ASSETS), "--output", resolve(path)];
        await run(
          "deno",
          ["compile", "--target", "aarch64-unknown-linux-gnu", ...options, module],
          {
            cwd: tree,
            env: { DENORT_BIN: resolve(base) },
          },
        );
        await addEntry(path, await buildEntry(ARM64), undefined);
      });
    },
  });
}

/**
 * V8's last compiler takes 1 to 10 ms for a function, its middle one a tenth of that. The functions that
 * call the shim go to the last one at once, by their own request (`ffi/lazy_functions.ts`), for which
 * the syntax is allowed; all others do when they are called so often that it pays: after 50 s of events
 * at 1,000 a second.
 */
const V8_FLAGS = ["--allow-natives-syntax", "--invocation-count-for-turbofan=50000"];

/** Additions to the output of `deno compile`; without carried files, Deno keeps the assets. */
interface Additions {
  readonly entry: Uint8Array;
  readonly carried?: Carried & { readonly at: number };
}

/** Returns options of `deno compile` for a program with these files inside. */
function compileOptions(included: readonly string[]): string[] {
  return [
    // Deno's code cache would be read from a predictable path under /tmp at the next start.
    ...["--no-code-cache", "--no-prompt", `--v8-flags=${V8_FLAGS.join(",")}`],
    ...PERMISSIONS,
    ...included.flatMap((file) => ["--include", file]),
  ];
}

async function compileTo(output: string, module: string, added: Additions): Promise<void> {
  const base = await findRuntimeBase();
  const env = base.kind === "file" ? { DENORT_BIN: base.path } : {};
  const included = added.carried === undefined ? ASSETS : [];
  await replaceFile(output, async (path) => {
    const options = compileOptions(included);
    await run("deno", ["compile", ...options, "--output", path, module], { env });
    await addEntry(path, added.entry, added.carried);
  });
}

/** Bundles a module with its imports, except those of other parts. */
async function bundle(entry: string, output: string, others: readonly string[]): Promise<void> {
  const fixed = ["--quiet", "--minify", "--platform", "deno"];
  const external = others.flatMap((name) => ["--external", name]);
  await run("deno", ["bundle", ...fixed, ...external, "--output", output, entry]);
}
