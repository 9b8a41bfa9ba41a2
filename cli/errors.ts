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

/**
 * A module from elsewhere needs permissions that were not granted; the program ends with exit code 3.
 * Code: `NOT_GRANTED`.
 */
export class NotGrantedError extends HostError {
  /** Name of the class. */
  override name = "NotGrantedError";

  /** Creates the error; `hint` has the options to add. */
  constructor(message: string, options: { hint: string; detail: string }) {
    super(message, { code: "NOT_GRANTED", ...options });
  }
}
