/** What can be wrong with a command line. */
import { HostError } from "../ffi/errors.ts";

/** The command line is wrong; the program ends with exit code 2. Code: `USAGE`. */
export class UsageError extends HostError {
  override name = "UsageError";

  constructor(message: string, hint = "wasm-bpf --help shows the options") {
    super(message, { code: "USAGE", hint });
  }
}
