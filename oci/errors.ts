/** Errors of references, artifacts and registries, and reasons why files cannot be used. */
import { HostError, type HostErrorOptions } from "../ffi/errors.ts";

export { HostError, type HostErrorOptions };

/** Fields of a {@linkcode RegistryError} in addition to its message. */
export interface RegistryErrorOptions extends HostErrorOptions {
  /** HTTP method of the request that failed. */
  method: string;
  /** Address of the request; credentials and query are removed. */
  url: string | URL;
  /** HTTP status, if a response arrived. */
  status?: number | undefined;
  /** Delay that the registry requested, in milliseconds. */
  retryAfterMs?: number | undefined;
}

/**
 * A registry does not respond, refuses a request, or violates the distribution specification.
 *
 * Codes: `UNAUTHORIZED`, `DENIED`, `NOT_FOUND`, `TOO_MANY_REQUESTS`, `UNAVAILABLE` (after retries),
 * `UNKNOWN_HOST`, `UNREACHABLE`, `TLS`, `TIMEOUT`, `CUT` (the connection ended early), `REFUSED` (any
 * other status),
 * `PROTOCOL` (a response that violates the specification), `TOO_LARGE`,
 * `TOO_SLOW` (it sent less than the minimum rate), `UNTRUSTED_REALM`.
 */
export class RegistryError extends HostError {
  /** Name of the class. */
  override name = "RegistryError";
  /** HTTP method of the request. */
  readonly method: string;
  /** Address without credentials, query and fragment. */
  readonly url: string;
  /** HTTP status, if a response arrived. */
  readonly status: number | undefined;
  /** Delay before the next attempt that the registry requested, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  /** Creates an error of one request; the message names the reference or the requested content. */
  constructor(message: string, options: RegistryErrorOptions) {
    super(message, options);
    this.method = options.method;
    this.url = withoutSecrets(options.url);
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Invalid reference by the distribution specification. Code: `BAD_REFERENCE`. */
export class ReferenceSyntaxError extends HostError {
  /** Name of the class. */
  override name = "ReferenceSyntaxError";
  /** Reason, without the reference. */
  readonly reason: string;

  /** Creates an error about `text`, which is shown without its credentials and query. */
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
 * A manifest, index, descriptor or config violates its specification, or cannot be run.
 *
 * Codes: `BAD_JSON`, `TOO_LARGE`, `BAD_MANIFEST`, `BAD_DESCRIPTOR`, `BAD_DIGEST`, `UNSUPPORTED`,
 * `NOT_A_MODULE`, `NOT_FOUND`.
 */
export class ArtifactError extends HostError {
  /** Name of the class. */
  override name = "ArtifactError";
}

/** Bytes do not match their descriptor. Codes: `SIZE_MISMATCH`, `DIGEST_MISMATCH`. */
export class MismatchError extends HostError {
  /** Name of the class. */
  override name = "MismatchError";
}

/** Returns a URL without user, query and fragment: signed redirects carry secrets in their query. */
export function withoutSecrets(url: string | URL): string {
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname}`;
  } catch {
    return withoutUserInfo(String(url)).replace(/[?#][^]*$/, "");
  }
}

/** Removes user and password from a text that may start with `scheme://user:password@`. */
export function withoutUserInfo(text: string): string {
  // Only with a slash after the @: a digest has none.
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^]*@(?=[^@]*\/)/i, "$1");
}

/** Shortens a text for an error message. */
export function shorten(text: string, limit = 120): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}…`;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  ENOTDIR: "not a directory",
  EACCES: "permission denied",
  EPERM: "not permitted",
  EISDIR: "is a directory",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  ELOOP: "too many levels of symbolic links",
};

/** Returns the errno name and the reason of an exception that Deno threw. */
export function fileFailure(thrown: unknown): { code: string; reason: string } {
  if (thrown instanceof Deno.errors.NotCapable) {
    return { code: "EACCES", reason: "devices and kernel files cannot be opened" };
  }
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "EIO";
  return { code, reason: REASONS[code] ?? code };
}
