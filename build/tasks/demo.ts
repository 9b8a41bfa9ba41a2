import { BINARY } from "./compile.ts";
import { say } from "../lib/output.ts";
import { runInForeground } from "../lib/process.ts";

/** The example that is run. */
export const DEMO = "bootstrap";

const MODULE = `dist/examples/${DEMO}/${DEMO}.wasm`;

/** Runs the program on the bootstrap example, with more options before the module; its exit code. */
export function demo(options: readonly string[]): Promise<number> {
  // On an idle machine nothing else may be seen for minutes.
  say("demo   start any program in another terminal to see it here; press Ctrl-C to stop");
  return runInForeground(BINARY, ["run", ...options, MODULE]);
}
