/**
 * The root of every error that wasm-bpf raises on purpose.
 *
 * Anything else that is thrown is a bug in wasm-bpf.
 */

/** What a {@linkcode HostError} carries beside its message. */
export interface HostErrorOptions {
  /** Stable, for programs: an errno name such as `EPERM`, or a word in capitals of our own. */
  code: string;
  /** What the person can do about it: one sentence, no full stop. */
  hint?: string | undefined;
  /** Longer text that belongs to the error, such as the verifier's log; whole lines. */
  detail?: string | undefined;
  /** What was thrown below, if anything. */
  cause?: unknown;
}

/**
 * An error that a person can act on.
 *
 * The message starts with a capital, names what could not be done and why, and has no full stop.
 */
export class HostError extends Error {
  /** The class's name. */
  override name = "HostError";
  /** Stable, for programs; see {@linkcode HostErrorOptions}. */
  readonly code: string;
  /** What the person can do about it. */
  readonly hint: string | undefined;
  /** Longer text, such as the verifier's log. */
  readonly detail: string | undefined;

  /** An error with a message that starts with a capital and has no full stop. */
  constructor(message: string, options: HostErrorOptions) {
    super(message, { cause: options.cause });
    this.code = options.code;
    this.hint = options.hint;
    this.detail = options.detail;
  }
}

/** The shim, or a symbol of it, cannot be loaded into this process. */
export class ShimError extends HostError {
  /** The class's name. */
  override name = "ShimError";
}

/** The shim cannot be loaded, because of `reason`. */
export function loadError(reason: string, cause?: unknown): ShimError {
  return new ShimError(`Cannot load the eBPF shim: ${reason}`, {
    code: "SHIM_LOAD",
    hint: "wasm-bpf needs Linux with glibc 2.34 or newer and /proc mounted",
    cause,
  });
}
