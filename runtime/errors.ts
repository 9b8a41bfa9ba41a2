/** What can be wrong with a guest. */
import { HostError } from "../ffi/errors.ts";

/**
 * The module cannot be run at all.
 *
 * Codes: `MODULE_EMPTY`, `MODULE_NOT_WASM`, `MODULE_COMPONENT`, `MODULE_INVALID`, `MODULE_IMPORT`,
 * `MODULE_EXPORT`.
 */
export class ModuleError extends HostError {
  /** The class's name. */
  override name = "ModuleError";
}

/** The guest ended by a trap; `detail` is WebAssembly's stack, innermost frame first. */
export class GuestTrap extends HostError {
  /** The class's name. */
  override name = "GuestTrap";
}
