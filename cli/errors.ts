/** Errors of the command line. */
import { HostError } from "../ffi/errors.ts";

/** Default hint; commands replace it with one at their own help. */
export const DEFAULT_HINT = "run wasm-bpf --help to show the options";

/** Wrong usage; the program exits with code 2. Code: `USAGE`. */
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

/** Time of `--timeout` that was over before a run began; the program ends with 124. Code: `TIMED_OUT`. */
export class TimedOutError extends HostError {
  override name = "TimedOutError";

  constructor(message: string) {
    super(message, { code: "TIMED_OUT" });
  }
}
