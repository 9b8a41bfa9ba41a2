/** Which addresses are spoken to, and with which credentials. */
import { isLoopback, unusableHost } from "../registry_name.ts";

/** How a registry may be reached. */
export interface AddressPolicy {
  /** Plain HTTP was asked for: on the command line, or by `http://` in front of the reference. */
  readonly plainHttp: boolean;
}

/** Whether an address may be spoken to at all: by TLS, on this machine, or as asked for. */
export function isAllowed(url: URL, policy: AddressPolicy): boolean {
  if (url.protocol === "https:") return true;
  return url.protocol === "http:" && (policy.plainHttp || isLoopback(url.host));
}

/**
 * Where a server sends us next, or why not. A name and a password in it are taken out: they would be
 * sent as ours.
 *
 * @returns a text when it must not be followed
 */
export function nextAddress(
  location: string | null,
  from: URL,
  policy: AddressPolicy,
): URL | string {
  const url = location === null ? null : URL.parse(location, from);
  if (url === null) return "it gives no address to go on at";
  const odd = unusableHost(url.hostname);
  if (odd !== undefined && "reason" in odd) return `it leads to another address: ${odd.reason}`;
  url.username = "";
  url.password = "";
  url.hash = "";
  // A registry behind a proxy that ends TLS may not know its own scheme.
  if (from.protocol === "https:" && url.protocol === "http:" && url.hostname === from.hostname) {
    url.protocol = "https:";
    if (url.port === "" || url.port === "80") url.port = from.port;
  }
  if (from.protocol === "https:" && url.protocol !== "https:") {
    return `it leads from TLS to ${url.protocol}//${url.host}`;
  }
  if (!isAllowed(url, policy)) return `it leads to ${url.protocol}//${url.host}, without TLS`;
  return url;
}

/** Whether credentials for one address may go to the other: the same scheme, host and port. */
export function isSameOrigin(a: URL, b: URL): boolean {
  return a.protocol === b.protocol && a.host === b.host;
}
