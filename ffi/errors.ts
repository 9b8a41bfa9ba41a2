/**
 * Base class of all errors that wasm-bpf raises on purpose.
 *
 * Anything else that is thrown is a bug in wasm-bpf.
 */

/** Properties of a {@linkcode HostError} in addition to its message. */
export interface HostErrorOptions {
  /** Stable, for programs: an errno name such as `EPERM`, or another word in capitals. */
  code: string;
  /** Next step for the user: one sentence, no full stop. */
  hint?: string | undefined;
  /** Longer text, such as the verifier's log; whole lines. */
  detail?: string | undefined;
  /** Underlying error, if any. */
  cause?: unknown;
}

/**
 * Error that a user can act on.
 *
 * The message starts with a capital, names the failed action and the reason, and has no full stop.
 */
export class HostError extends Error {
  /** The class's name. */
  override name = "HostError";
  /** Stable, for programs; see {@linkcode HostErrorOptions}. */
  readonly code: string;
  /** Next step for the user. */
  readonly hint: string | undefined;
  /** Longer text, such as the verifier's log. */
  readonly detail: string | undefined;

  /** Creates an error; `message` starts with a capital and has no full stop. */
  constructor(message: string, options: HostErrorOptions) {
    super(message, { cause: options.cause });
    this.code = options.code;
    this.hint = options.hint;
    this.detail = options.detail;
  }
}

/** Failure to load the shim or one of its symbols. */
export class ShimError extends HostError {
  /** The class's name. */
  override name = "ShimError";
}

/** Returns the error for a shim that cannot be loaded. */
export function loadError(reason: string, cause?: unknown): ShimError {
  return new ShimError(`Cannot load the eBPF shim: ${reason}`, {
    code: "SHIM_LOAD",
    hint: "use Linux with glibc 2.34 or newer, and mount /proc",
    cause,
  });
}
