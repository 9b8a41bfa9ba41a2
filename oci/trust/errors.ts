/** What can go wrong with signatures, keys and policies. */
import { HostError } from "../../ffi/errors.ts";

/**
 * An artifact is not trusted, or who is trusted cannot be told.
 *
 * Codes: `NOT_SIGNED`, `BAD_SIGNATURE` (there are signatures, and none is good), `REJECTED` (a policy
 * says so), `BAD_POLICY`, `BAD_KEY`, `BAD_PASSWORD` (of a private key).
 */
export class TrustError extends HostError {
  /** The class's name. */
  override name = "TrustError";
}
