/** Token servers that may see the credentials of a registry. */
import { HostError } from "../errors.ts";
import { readRegistryName, registryEndpoint } from "../registry_name.ts";

/** Token servers on hosts that are not above their registry, by the registry's name. */
const KNOWN: ReadonlyMap<string, string> = new Map([
  ["docker.io", "auth.docker.io"],
  ["registry.digitalocean.com", "api.digitalocean.com"],
]);

/**
 * Reads a host that was given as one to trust with passwords.
 *
 * @returns `host`, or `host:port` for that port alone
 * @throws {HostError} `BAD_REALM`
 */
export function readRealm(text: string): string {
  const read = readRegistryName(text);
  if ("name" in read && !text.includes("/")) return text.toLowerCase();
  throw new HostError(
    `Cannot trust the token server ${JSON.stringify(text)}: ` +
      ("reason" in read ? read.reason : "it is not a host name"),
    { code: "BAD_REALM", hint: "name a host, with or without a port: auth.example.com" },
  );
}

/**
 * Reports whether a token server may see the credentials of a registry.
 *
 * It must be on the registry's own host, on any port; on a host above it in the DNS, whose owner decides
 * about the registry's name anyway (`gitlab.com` for `registry.gitlab.com`); one that the registry is
 * known to use; or one that the user trusts. A neighbour is not enough: many share `github.io`.
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
  // A known server is known at TLS's own port.
  if (KNOWN.get(registry) === host && protocol === "https:") return true;
  return trusted.includes(hostname) || trusted.includes(`${hostname}:${port}`);
}

/** Of names with two parts or more: nobody logs in at `com`. */
function isAbove(host: string, below: string): boolean {
  return below.endsWith(`.${host}`) && /\.[^.]*[a-z][^.]*$/.test(host);
}
