/** What `fetch` throws, as an error that says what happened and what to do. */
import { RegistryError, shorten, withoutSecrets } from "../errors.ts";
import { TooSlow } from "../deadline.ts";
import { Idle } from "./watchdog.ts";

/** The request that failed. */
export interface FailedRequest {
  readonly method: string;
  readonly url: URL;
  /** What it was for, as in "Cannot WHAT: …". */
  readonly what: string;
}

/** How every error of a request starts. */
export function opening({ what, method, url }: FailedRequest): string {
  return `Cannot ${what}: ${method} ${withoutSecrets(url)}: `;
}

interface Kind {
  readonly pattern: RegExp;
  readonly code: string;
  readonly reason?: string;
  readonly hint?: string;
}

/** By what Deno says, the first that fits. Tests hold each against a server that behaves like that. */
const KINDS: readonly Kind[] = [
  {
    pattern: /certificate[^]*(UnknownIssuer|CaUsedAsEndEntity|BadSignature)/,
    code: "TLS",
    reason: "its certificate is signed by an authority that this machine does not know",
    hint: "give that authority's certificate: --ca-file FILE",
  },
  {
    pattern: /certificate[^]*(NotValidForName|not valid for name)/,
    code: "TLS",
    reason: "its certificate is for another name",
    hint: "use the name that the certificate is for",
  },
  {
    pattern: /certificate[^]*(Expired|expired|NotValidYet|not valid yet)/,
    code: "TLS",
    reason: "its certificate is not valid at this time",
    hint: "check this machine's clock; else the server needs a new certificate",
  },
  {
    pattern: /InvalidContentType|corrupt message/,
    code: "TLS",
    reason: "it does not speak TLS",
    hint: "if it is meant to be without: --plain-http",
  },
  { pattern: /certificate|TLS|HandshakeFailure|AlertReceived|fatal alert/, code: "TLS" },
  {
    // A name server that does not answer says something else, and may answer the next time.
    pattern: /dns error[^]*(Name or service not known|No address associated|NXDOMAIN)/,
    code: "UNKNOWN_HOST",
    reason: "its name is not known",
    hint: "check the host's name and this machine's DNS; behind a proxy, set HTTPS_PROXY",
  },
  {
    pattern: /Connection refused/,
    code: "UNREACHABLE",
    reason: "nobody listens there",
    hint: "check the host's name and port, and that it runs",
  },
  {
    pattern: /client error \(Connect\)|tunnel|proxy/i,
    code: "UNREACHABLE",
    hint: "check the network, and HTTPS_PROXY and NO_PROXY if there is a proxy",
  },
];

/**
 * An error for people out of what `fetch`, or a read of its body, threw.
 *
 * The reason of a caller's own abort is handed on as it is.
 */
export function failureOf(thrown: unknown, request: FailedRequest): unknown {
  const { method, url } = request;
  if (thrown instanceof Idle) {
    return new RegistryError(`${opening(request)}not a byte moved for ${thrown.ms / 1000} s`, {
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
  // The cause is left out: its text has the address with its query, which may be a signed one.
  return new RegistryError(opening(request) + text, { code, hint: kind?.hint, method, url });
}

/** A server that sends, and not enough of it: trying again would take as long. */
export function tooSlow(request: FailedRequest, reason: string): RegistryError {
  const { method, url } = request;
  return new RegistryError(opening(request) + reason, {
    code: "TOO_SLOW",
    hint: "check the network and the registry",
    method,
    url,
  });
}

/** Errors of the network come as these; anything else is the caller's reason or a bug. */
function isOfFetch(thrown: unknown): thrown is Error {
  return thrown instanceof TypeError || thrown instanceof Deno.errors.Http ||
    thrown instanceof Deno.errors.ConnectionReset || thrown instanceof Deno.errors.BrokenPipe ||
    thrown instanceof Deno.errors.UnexpectedEof || thrown instanceof Deno.errors.TimedOut ||
    thrown instanceof Deno.errors.ConnectionAborted ||
    (thrown instanceof Error && thrown.constructor === Error &&
      /body|connection/.test(thrown.message));
}

/** Deno's text without addresses and numbers. */
function plainReason(message: string): string {
  const last = message.split(/client error \([A-Za-z]+\): |error decoding response body: /).at(-1);
  const reason = (last ?? "").replace(/ \(os error \d+\)/g, "").replace(/https?:\/\/\S+/g, "");
  return shorten(reason.trim() === "" ? "no more is known" : reason.trim());
}
