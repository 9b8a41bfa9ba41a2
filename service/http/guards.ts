/** Checks of requests: their token, and the names that a browser was led here by. */
import { createHash, timingSafeEqual } from "node:crypto";
import { authority, isLoopback, type Listen } from "../settings.ts";

/** Shortest token of a file, in characters. */
export const MIN_TOKEN = 16;

/** Headers of every response: nothing is kept, guessed, framed or shared. */
export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** Token that requests carry as `Authorization: Bearer TOKEN`. */
export class Token {
  readonly #digest: Uint8Array;

  constructor(text: string) {
    this.#digest = digest(text);
  }

  /** Compares in a time that does not depend on either token. */
  isIn(request: Request): boolean {
    const given = /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
    return timingSafeEqual(this.#digest, digest(given ?? "")) && given !== undefined;
  }
}

function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

/** Returns a response without more than its reason. */
export function refusal(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(`${text}\n`, {
    status,
    headers: { ...SAFE_HEADERS, "content-type": "text/plain; charset=utf-8", ...headers },
  });
}

/** Address that requests come to. */
export interface Served extends Listen {
  /** True for TLS. */
  readonly isTls: boolean;
}

/** Returns the host that a request names; HTTP/2 has it in the address alone (RFC 9113, section 8.3.1). */
function hostOf(request: Request): string {
  return request.headers.get("host") ?? new URL(request.url).host;
}

/**
 * Reports whether a request names this machine as an address or as localhost. A page of another site
 * whose name leads to this machine has that site's name in Host. With TLS every name will do: a browser
 * has compared it with the certificate, which another site's name is not in.
 */
export function namesThisMachine(request: Request, served: Served): boolean {
  const [, name = "", port = ""] =
    /^(\[[0-9a-fA-F:.]+\]|[^:[\]]+)(?::(\d+))?$/.exec(hostOf(request)) ?? [];
  // Clients leave out the port that a scheme has anyway (RFC 9110, section 4.2.1).
  if ((port === "" ? served.isTls ? "443" : "80" : port) !== `${served.port}`) return false;
  return served.isTls || name === "localhost" || isLoopback(name.replace(/^\[|\]$/g, ""));
}

/** Reports whether a browser made a request for a page of this address alone, or no browser made it. */
export function isOwnOrigin(request: Request, { isTls }: Pick<Served, "isTls">): boolean {
  const origin = request.headers.get("origin");
  const site = request.headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin" && site !== "none") return false;
  return origin === null || origin === `${isTls ? "https" : "http"}://${hostOf(request)}`;
}

/** Returns the URL of an address. */
export function urlOf(listen: Listen, { isTls = false, path = "/" } = {}): string {
  return `${isTls ? "https" : "http"}://${authority(listen)}${path}`;
}
