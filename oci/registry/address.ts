/** Decides which addresses to contact, and which of them receive credentials. */
import { isLoopback, unusableHost } from "../registry_name.ts";

/** Transport that a registry may use. */
export interface AddressPolicy {
  /** True if the user requested plain HTTP, by an option or `http://` before the reference. */
  readonly plainHttp: boolean;
}

/** Reports whether an address may be contacted: with TLS, on this machine, or by the policy. */
export function isAllowed(url: URL, policy: AddressPolicy): boolean {
  if (url.protocol === "https:") return true;
  return url.protocol === "http:" && (policy.plainHttp || isLoopback(url.host));
}

/**
 * Returns the address that a server redirects to, without user and password, which would replace ours.
 *
 * @returns the reason, as a string, when the redirect must not be followed
 */
export function nextAddress(
  location: string | null,
  from: URL,
  policy: AddressPolicy,
): URL | string {
  const url = location === null ? null : URL.parse(location, from);
  if (url === null) return "no valid Location in the response";
  const odd = unusableHost(url.hostname);
  if (odd !== undefined && "reason" in odd) return `redirect to an invalid address: ${odd.reason}`;
  url.username = "";
  url.password = "";
  url.hash = "";
  // A registry with a TLS proxy in front may use the wrong scheme for itself.
  if (from.protocol === "https:" && url.protocol === "http:" && url.hostname === from.hostname) {
    url.protocol = "https:";
    if (url.port === "" || url.port === "80") url.port = from.port;
  }
  if (from.protocol === "https:" && url.protocol !== "https:") {
    return `redirect from TLS to ${url.protocol}//${url.host}`;
  }
  if (!isAllowed(url, policy)) return `redirect to ${url.protocol}//${url.host}, without TLS`;
  return url;
}

/** Reports whether two addresses have the same scheme, host and port, and so may share credentials. */
export function isSameOrigin(a: URL, b: URL): boolean {
  return a.protocol === b.protocol && a.host === b.host;
}
