import { BINARY } from "./compile.ts";
import { runInForeground } from "./process.ts";

const MODULE = "dist/examples/bootstrap/bootstrap.wasm";

/** Runs the program on the bootstrap example, with more options before the module; its exit code. */
export function demo(options: readonly string[]): Promise<number> {
  return runInForeground(BINARY, ["run", ...options, MODULE]);
}
