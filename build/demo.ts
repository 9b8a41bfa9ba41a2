import { BINARY } from "./compile.ts";
import { runInForeground } from "./process.ts";

/** The example that is run. */
export const DEMO = "bootstrap";

const MODULE = `dist/examples/${DEMO}/${DEMO}.wasm`;

/** Runs the program on the bootstrap example, with more options before the module; its exit code. */
export function demo(options: readonly string[]): Promise<number> {
  return runInForeground(BINARY, ["run", ...options, MODULE]);
}
