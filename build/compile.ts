import { findRuntimeBase } from "./denort.ts";
import { run } from "./process.ts";
import { PUMPS } from "./pump.ts";
import { SHIM } from "./shim.ts";
import { filesUnder, replaceFile, runStep } from "./step.ts";

/** The program: one file, nothing to install beside it. */
export const BINARY = "dist/wasm-bpf";

/** What the program may do, whatever the guest asks for. */
const PERMISSIONS = [
  // The shim: libbpf, and the system calls that a guest's files and clocks need.
  "--allow-ffi",
  // The module to run. Its path is the user's to choose.
  "--allow-read",
];

/**
 * All modules in one, which starts 6 ms earlier than the ninety it is made of. One folder deep, as they
 * are: what they read stands relative to them.
 */
const BUNDLE = ".cache/main.js";

const FOLDERS = ["bindgen", "cli", "ffi", "oci", "runtime"];

/** The modules that the program is made of. */
export function programModules(): string[] {
  const isModule = (path: string) => path.endsWith(".ts") && !path.endsWith("_test.ts");
  return ["main.ts", ...FOLDERS.flatMap((folder) => filesUnder(folder, isModule))];
}

/** Makes the program, with the shim and the pump inside. */
export async function compileBinary(): Promise<void> {
  await runStep({
    name: "wasm-bpf",
    inputs: [...programModules(), "deno.json", "deno.lock", "build/compile.ts", SHIM, ...PUMPS],
    key: Deno.version.deno,
    outputs: [BINARY],
    async make() {
      const base = await findRuntimeBase();
      const env = base.kind === "file" ? { DENORT_BIN: base.path } : {};
      const included = [SHIM, ...PUMPS].flatMap((path) => ["--include", path]);
      await run("deno", ["bundle", "--quiet", "--platform", "deno", "--output", BUNDLE, "main.ts"]);
      await replaceFile(BINARY, async (path) => {
        // Deno's code cache would be read from a predictable path under /tmp at the next start.
        const options = ["--no-code-cache", "--no-prompt", ...PERMISSIONS, ...included];
        await run("deno", ["compile", ...options, "--output", path, BUNDLE], { env });
      });
    },
  });
}
