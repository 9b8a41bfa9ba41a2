/** Translates exceptions of `fetch` into errors with reasons and hints. */
import { RegistryError, shorten, withoutSecrets } from "../errors.ts";
import { TooSlow } from "../deadline.ts";
import { Idle } from "./watchdog.ts";

/** Failed request. */
export interface FailedRequest {
  readonly method: string;
  readonly url: URL;
  /** Purpose, as in "Cannot WHAT: …". */
  readonly what: string;
}

/** Returns the start of every error about a request. */
export function opening({ what, method, url }: FailedRequest): string {
  return `Cannot ${what}: ${method} ${withoutSecrets(url)}: `;
}

interface Kind {
  readonly pattern: RegExp;
  readonly code: string;
  readonly reason?: string;
  readonly hint?: string;
}

/** Failures by Deno's message; the first match counts. Tests check each against a real server. */
const KINDS: readonly Kind[] = [
  {
    pattern: /certificate[^]*(UnknownIssuer|CaUsedAsEndEntity|BadSignature)/,
    code: "TLS",
    reason: "its certificate is signed by an unknown authority",
    hint: "pass --ca-file FILE with that authority's certificate",
  },
  {
    pattern: /certificate[^]*(NotValidForName|not valid for name)/,
    code: "TLS",
    reason: "its certificate is for another name",
    hint: "use the host name in the certificate",
  },
  {
    pattern: /certificate[^]*(Expired|expired|NotValidYet|not valid yet)/,
    code: "TLS",
    reason: "its certificate is expired or not yet valid",
    hint: "check this machine's clock, or renew the server's certificate",
  },
  {
    pattern: /InvalidContentType|corrupt message/,
    code: "TLS",
    reason: "the server does not support TLS",
    hint: "pass --plain-http for a registry without TLS",
  },
  { pattern: /certificate|TLS|HandshakeFailure|AlertReceived|fatal alert/, code: "TLS" },
  {
    // Not for a name server that does not respond, which has another message and may be retried.
    pattern: /dns error[^]*(Name or service not known|No address associated|NXDOMAIN)/,
    code: "UNKNOWN_HOST",
    reason: "unknown host",
    hint: "check the host's name and this machine's DNS; if a proxy is required, set HTTPS_PROXY",
  },
  {
    pattern: /Connection refused/,
    code: "UNREACHABLE",
    reason: "connection refused",
    hint: "check the host name and port, and that the server runs",
  },
  {
    pattern: /client error \(Connect\)|tunnel|proxy/i,
    code: "UNREACHABLE",
    hint: "check the network, and HTTPS_PROXY and NO_PROXY if there is a proxy",
  },
];

/**
 * Returns the error for an exception of `fetch` or of a read of its body.
 *
 * The reason of the caller's own abort is returned unchanged.
 */
export function failureOf(thrown: unknown, request: FailedRequest): unknown {
  const { method, url } = request;
  if (thrown instanceof Idle) {
    return new RegistryError(`${opening(request)}no data for ${thrown.ms / 1000} s`, {
      code: "TIMEOUT",
      hint: "check the network and the registry",
      method,
      url,
      cause: thrown,
    });
  }
  if (thrown instanceof TooSlow) return tooSlow(request, `it took more than ${thrown.ms / 1000} s`);
  if (!isOfFetch(thrown)) return thrown;
  const kind = KINDS.find(({ pattern }) => pattern.test(thrown.message));
  const code = kind?.code ?? "CUT";
  const reason = kind?.reason ?? plainReason(thrown.message);
  const text = code === "CUT" ? `the connection ended early (${reason})` : reason;
  // Without the cause: its text has the address with its query, which may contain a signature.
  return new RegistryError(opening(request) + text, { code, hint: kind?.hint, method, url });
}

/** Returns an error for a server below the minimum rate, which is not retried. */
export function tooSlow(request: FailedRequest, reason: string): RegistryError {
  const { method, url } = request;
  return new RegistryError(opening(request) + reason, {
    code: "TOO_SLOW",
    hint: "check the network and the registry",
    method,
    url,
  });
}

/** Reports whether an exception is a network failure; others are the caller's reason or a bug. */
function isOfFetch(thrown: unknown): thrown is Error {
  return thrown instanceof TypeError || thrown instanceof Deno.errors.Http ||
    thrown instanceof Deno.errors.ConnectionReset || thrown instanceof Deno.errors.BrokenPipe ||
    thrown instanceof Deno.errors.UnexpectedEof || thrown instanceof Deno.errors.TimedOut ||
    thrown instanceof Deno.errors.ConnectionAborted ||
    (thrown instanceof Error && thrown.constructor === Error &&
      /body|connection/.test(thrown.message));
}

/** Returns Deno's message without addresses and error numbers. */
function plainReason(message: string): string {
  const last = message.split(/client error \([A-Za-z]+\): |error decoding response body: /).at(-1);
  const reason = (last ?? "").replace(/ \(os error \d+\)/g, "").replace(/https?:\/\/\S+/g, "");
  return shorten(reason.trim() === "" ? "unknown reason" : reason.trim());
}
