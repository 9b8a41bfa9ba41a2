/** What can be wrong with a command line. */
import { HostError } from "../ffi/errors.ts";

/** For what has no better one; of a command, its own help is named instead. */
export const DEFAULT_HINT = "wasm-bpf --help shows the options";

/** The command line is wrong; the program ends with exit code 2. Code: `USAGE`. */
export class UsageError extends HostError {
  override name = "UsageError";

  constructor(message: string, hint = DEFAULT_HINT) {
    super(message, { code: "USAGE", hint });
  }
}
