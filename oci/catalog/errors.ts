/** Errors of catalogues, hubs and installed tools. */
import { HostError } from "../errors.ts";

/**
 * A hub, its catalogue or an installed tool cannot be used.
 *
 * Codes: `NOT_A_CATALOG`, `ROLLBACK` (older than one seen before), `CHANGED_CATALOG` (another content
 * under the same serial, or another hub's), `CHANGED_VERSION` (another digest under a pinned version),
 * `UNSIGNED_HUB`, `NO_HUB`, `HUB_EXISTS`, `HUB_CHANGED`, `NO_TOOL`, `NO_VERSION`, `AMBIGUOUS`,
 * `NOT_INSTALLED`, `INSTALLED`, `NAME_TAKEN`, `LAUNCHER_TAKEN`, `UNDECLARED`, `UNSUPPORTED`, `BAD_STATE`,
 * `BAD_LOCK_FILE`, `LOCK_MISMATCH`; of files also `UNSAFE_PATH`, `UNSAFE_STORE` and errno names.
 */
export class CatalogError extends HostError {
  /** Name of the class. */
  override name = "CatalogError";
}
