/** What can go wrong with credentials that are kept somewhere. */
import { HostError } from "../errors.ts";

/**
 * A file of credentials cannot be read or written, or a program that keeps them fails.
 *
 * Codes: errno names, `BAD_JSON`, `BAD_CREDENTIAL`, `TOO_LARGE`, `HELPER`, `TIMEOUT`.
 */
export class CredentialError extends HostError {
  /** The class's name. */
  override name = "CredentialError";
}
