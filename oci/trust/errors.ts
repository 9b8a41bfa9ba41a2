/** Errors of signatures, keys and policies. */
import { HostError } from "../../ffi/errors.ts";

/**
 * An artifact is not trusted, or the trusted keys cannot be determined.
 *
 * Codes: `NOT_SIGNED`, `BAD_SIGNATURE` (no signature is valid), `REJECTED` (by a policy),
 * `BAD_POLICY`, `BAD_KEY`, `BAD_GRANTS`, `BAD_PASSWORD` (of a private key); of files also
 * `UNSAFE_PATH` and errno names.
 */
export class TrustError extends HostError {
  /** Name of the class. */
  override name = "TrustError";
}
