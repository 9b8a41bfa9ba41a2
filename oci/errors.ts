/** What can go wrong with references, artifacts and registries. */
import { HostError, type HostErrorOptions } from "../ffi/errors.ts";

export { HostError, type HostErrorOptions };

/** What a {@linkcode RegistryError} carries beside its message. */
export interface RegistryErrorOptions extends HostErrorOptions {
  /** HTTP method of the request that failed. */
  method: string;
  /** Where it went; credentials and query are taken out before anybody sees it. */
  url: string | URL;
  /** HTTP status, when there was an answer at all. */
  status?: number | undefined;
  /** How long the registry asked to wait, in milliseconds. */
  retryAfterMs?: number | undefined;
}

/**
 * A registry does not answer, refuses, or answers what the distribution specification does not allow.
 *
 * Codes: `UNAUTHORIZED`, `DENIED`, `NOT_FOUND`, `TOO_MANY_REQUESTS`, `UNAVAILABLE` (after retries),
 * `UNKNOWN_HOST`, `UNREACHABLE`, `TLS`, `TIMEOUT`, `CUT` (the connection ended early), `REFUSED` (any other status),
 * `PROTOCOL` (an answer against the specification), `TOO_LARGE`,
 * `TOO_SLOW` (it sent, and not enough), `UNTRUSTED_REALM`.
 */
export class RegistryError extends HostError {
  /** The class's name. */
  override name = "RegistryError";
  /** HTTP method of the request. */
  readonly method: string;
  /** Where it went, without credentials, query and fragment. */
  readonly url: string;
  /** HTTP status, when there was an answer. */
  readonly status: number | undefined;
  /** How long the registry asked to wait before the next attempt, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  /** An error of one request; the message names the reference or what was asked for. */
  constructor(message: string, options: RegistryErrorOptions) {
    super(message, options);
    this.method = options.method;
    this.url = withoutSecrets(options.url);
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** A text is no reference as the distribution specification has them. Code: `BAD_REFERENCE`. */
export class ReferenceSyntaxError extends HostError {
  /** The class's name. */
  override name = "ReferenceSyntaxError";
  /** The last part of the message, without the reference. */
  readonly reason: string;

  /** An error about `text`, shown without credentials that were put into it, nor its query. */
  constructor(text: string, reason: string, hint?: string) {
    const shown = JSON.stringify(shorten(withoutUserInfo(text).replace(/[?#][^]*$/, "")));
    super(`Cannot use the reference ${shown}: ${reason}`, {
      code: "BAD_REFERENCE",
      hint: hint ?? "write it like ghcr.io/you/tool:v1 or localhost:5000/tool:v1",
    });
    this.reason = reason;
  }
}

/**
 * A manifest, index, descriptor or config is not what its specification says, or not what can run.
 *
 * Codes: `BAD_JSON`, `TOO_LARGE`, `BAD_MANIFEST`, `BAD_DESCRIPTOR`, `BAD_DIGEST`, `UNSUPPORTED`,
 * `NOT_A_MODULE`, `NOT_FOUND`.
 */
export class ArtifactError extends HostError {
  /** The class's name. */
  override name = "ArtifactError";
}

/** Bytes are not the ones that a descriptor promises. Codes: `SIZE_MISMATCH`, `DIGEST_MISMATCH`. */
export class MismatchError extends HostError {
  /** The class's name. */
  override name = "MismatchError";
}

/** A URL fit for people and logs: signed redirects carry secrets in their query. */
export function withoutSecrets(url: string | URL): string {
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname}`;
  } catch {
    return withoutUserInfo(String(url)).replace(/[?#][^]*$/, "");
  }
}

/** A text that may start with `scheme://user:password@`, without those two. */
export function withoutUserInfo(text: string): string {
  // What stands before an @ is one when a slash follows: a digest has none.
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^]*@(?=[^@]*\/)/i, "$1");
}

/** As much of a text as fits an error message. */
export function shorten(text: string, limit = 120): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}…`;
}
