/** Token servers that may receive the credentials of a registry. */
import { HostError } from "../errors.ts";
import { readRegistryName, registryEndpoint } from "../registry_name.ts";

/** Known token servers that are not on a parent domain of their registry, by registry. */
const KNOWN: ReadonlyMap<string, string> = new Map([
  ["docker.io", "auth.docker.io"],
  ["registry.digitalocean.com", "api.digitalocean.com"],
]);

/**
 * Parses a host to trust with passwords.
 *
 * @returns `host`, or `host:port` for that port alone
 * @throws {HostError} `BAD_REALM`
 */
export function readRealm(text: string): string {
  const read = readRegistryName(text);
  if ("name" in read && !text.includes("/")) return text.toLowerCase();
  throw new HostError(
    `Cannot trust the token server ${JSON.stringify(text)}: ` +
      ("reason" in read ? read.reason : "not a host name"),
    { code: "BAD_REALM", hint: "use a host with an optional port, such as auth.example.com" },
  );
}

/**
 * Reports whether a token server may receive the credentials of a registry.
 *
 * It must be on the registry's host, on any port; on a parent domain, whose owner controls the registry's
 * name anyway (`gitlab.com` for `registry.gitlab.com`); a known token server of the registry; or trusted
 * by the user. A sibling domain is not enough: `github.io` is shared.
 *
 * @param trusted by {@linkcode readRealm}
 */
export function maySeeCredentials(
  realm: URL,
  registry: string,
  trusted: readonly string[] = [],
): boolean {
  const { hostname, host, protocol } = realm;
  const port = realm.port || (protocol === "http:" ? "80" : "443");
  const own = URL.parse(`https://${registryEndpoint(registry)}/`)?.hostname;
  if (own === undefined) return false;
  if (hostname === own || isAbove(hostname, own)) return true;
  // Known servers use the default port of TLS.
  if (KNOWN.get(registry) === host && protocol === "https:") return true;
  return trusted.includes(hostname) || trusted.includes(`${hostname}:${port}`);
}

/** Reports whether a host is a parent domain; it must have at least two labels, unlike `com`. */
function isAbove(host: string, below: string): boolean {
  return below.endsWith(`.${host}`) && /\.[^.]*[a-z][^.]*$/.test(host);
}
