/** Errors of stored credentials. */
import { HostError } from "../errors.ts";

/**
 * A credential file cannot be read or written, or a credential helper fails.
 *
 * Codes: errno names, `BAD_JSON`, `BAD_CREDENTIAL`, `TOO_LARGE`, `HELPER`, `TIMEOUT`.
 */
export class CredentialError extends HostError {
  /** Name of the class. */
  override name = "CredentialError";
}
