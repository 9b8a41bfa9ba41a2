/** Errors of guests. */
import { HostError } from "../ffi/errors.ts";

/**
 * The module cannot be run at all.
 *
 * Codes: `MODULE_EMPTY`, `MODULE_NOT_WASM`, `MODULE_COMPONENT`, `MODULE_INVALID`, `MODULE_IMPORT`,
 * `MODULE_EXPORT`, `MODULE_MEMORY` (more than the limit), `MODULE_GC` (would fill V8's own heap),
 * `MODULE_SIZE` (more types or elements than V8 can hold), `MODULE_CONTROL` (cannot be made stoppable).
 */
export class ModuleError extends HostError {
  /** The class's name. */
  override name = "ModuleError";
}

/**
 * Something cannot be given to a guest. Codes: an errno name, `PREOPEN`, `LISTEN` or `ENVIRONMENT`.
 */
export class GrantError extends HostError {
  /** The class's name. */
  override name = "GrantError";
}

/** The guest ended by a trap; `detail` is WebAssembly's stack, innermost frame first. */
export class GuestTrap extends HostError {
  /** The class's name. */
  override name = "GuestTrap";
}

/**
 * The guest was stopped from outside. Codes: `TERMINATED`, `ABORTED` (the signal's reason is the cause),
 * `LIMIT_TIME`.
 */
export class GuestStopped extends HostError {
  /** The class's name. */
  override name = "GuestStopped";
}

/** A host function, or another function of the options, threw: that is the cause. Code: `HOST_FUNCTION`. */
export class HostFunctionError extends HostError {
  /** The class's name. */
  override name = "HostFunctionError";
}

/**
 * Converts what a function given by the embedder threw to an error.
 *
 * @param what the function is called
 */
export function hostFunctionError(what: string, guest: string, cause: unknown): HostFunctionError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new HostFunctionError(`${what} of ${guest} threw: ${reason}`, {
    code: "HOST_FUNCTION",
    cause,
  });
}
