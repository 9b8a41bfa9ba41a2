/** Registry names: one spelling for each host and port. */

/** Registry of references without one. */
export const DOCKER_HUB = "docker.io";
/** Host of the API of {@linkcode DOCKER_HUB}. */
const DOCKER_HUB_ENDPOINT = "registry-1.docker.io";
const DOCKER_HUB_NAMES = [
  DOCKER_HUB,
  "index.docker.io",
  DOCKER_HUB_ENDPOINT,
  "registry.hub.docker.com",
];

/** Characters of a registry's name, as in the reference implementation. */
const MAX_NAME = 255;

const LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
const SYNTAX = new RegExp(`^(${LABEL}(?:\\.${LABEL})*|\\[[0-9a-fA-F:.]+\\])(?::([0-9]*))?$`);
const PORT = /^[1-9][0-9]{0,4}$/;
const MAX_PORT = 65_535;

/** IPv4-mapped IPv6 addresses, as the URL standard writes them. */
const MAPPED_IPV4 = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/;

/** A registry's name in normal form, or the reason why a text has none. */
export type RegistryName =
  | {
    /** Lower-case host, with its port unless it is the default one; Docker Hub is `docker.io`. */
    readonly name: string;
  }
  | {
    /** Reason in lower case, such as `"127.1" is not in normal form`. */
    readonly reason: string;
    /** Imperative hint, if one action helps. */
    readonly hint?: string;
  };

/**
 * Parses the name of a registry: a host with an optional port.
 *
 * Two texts with the same URL give the same name or are refused, so that another spelling cannot evade
 * policies, the store or credentials. Upper case and the default port are normalised; leading zeros of a
 * port, and addresses that are not in the form of a URL, are refused.
 *
 * @param scheme `http` for a registry without TLS; anything else is TLS
 */
export function readRegistryName(text: string, scheme?: string): RegistryName {
  const [, host, port] = (text.length <= MAX_NAME && SYNTAX.exec(text)) || [];
  if (host === undefined) return { reason: `${quote(text)} is not a host name` };
  if (port !== undefined && !(PORT.test(port) && Number(port) <= MAX_PORT)) return badPort(port);
  const lower = host.toLowerCase();
  const odd = oddHost(lower);
  if (odd !== undefined) return odd;
  const isHttp = scheme === "http";
  if (isHttp && port === "443") {
    return { reason: "port 443 is for TLS", hint: "write https://, or another port" };
  }
  const isDefault = port === undefined || port === (isHttp ? "80" : "443");
  return { name: hubOr(isDefault ? lower : `${lower}:${port}`) };
}

function badPort(port: string): RegistryName {
  const number = /^0*([1-9][0-9]{0,4})$/.exec(port)?.[1];
  return number === undefined || Number(number) > MAX_PORT
    ? { reason: `${quote(port)} is not a port from 1 to ${MAX_PORT}` }
    : { reason: `its port ${quote(port)} has leading zeros`, hint: `write the port ${number}` };
}

/** Returns the reason to refuse a lower-case host of valid characters, if there is one. */
function oddHost(host: string): RegistryName | undefined {
  const normal = URL.parse(`https://${host}/`)?.hostname;
  if (normal === undefined) return { reason: `${quote(host)} is not a host name` };
  if (normal !== host) {
    return { reason: `${quote(host)} is not in normal form`, hint: `write ${normal}` };
  }
  return unusableHost(host);
}

/**
 * Returns the reason to refuse a host in the form of the URL standard: it is a second name of another.
 *
 * @param host of a URL, without its port
 */
export function unusableHost(host: string): RegistryName | undefined {
  const [, high, low] = MAPPED_IPV4.exec(host) ?? [];
  if (high !== undefined && low !== undefined) {
    const bits = [parseInt(high, 16), parseInt(low, 16)];
    const ipv4 = bits.flatMap((part) => [part >> 8, part & 0xff]).join(".");
    return { reason: `${quote(host)} is an IPv4 address`, hint: `write ${ipv4}` };
  }
  // connect(2) treats the unspecified address as loopback.
  if (host === "0.0.0.0" || host === "[::]") {
    const loopback = host === "[::]" ? "[::1]" : "127.0.0.1";
    return { reason: `${quote(host)} is not the address of a host`, hint: `write ${loopback}` };
  }
  if (host.endsWith(".") || host.includes("..") || host.startsWith(".")) {
    return { reason: `${quote(host)} has an empty part`, hint: "write it without the dot" };
  }
  return undefined;
}

/** Reports whether a text is a registry name in an accepted spelling. */
export function isRegistryName(text: string): boolean {
  return "name" in readRegistryName(text);
}

/** Returns the name of a registry in normal form, or an invalid text in lower case. */
export function canonicalRegistry(registry: string): string {
  const read = readRegistryName(registry);
  return "name" in read ? read.name : registry.toLowerCase();
}

/**
 * Returns a registry's name for references. A host without a dot gets a port: otherwise a reference
 * without a scheme would belong to Docker Hub.
 *
 * @param name in normal form
 */
export function withReferencePort(name: string, scheme?: string): string {
  if (name === "localhost" || /[.:[]/.test(name)) return name;
  return `${name}:${scheme === "http" ? 80 : 443}`;
}

/**
 * Returns the name of a registry in policies, without the ports 80 and 443: options and probes of a
 * loopback address select between them.
 *
 * @param registry in normal form
 */
export function policyRegistry(registry: string): string {
  return hubOr(registry.replace(/:(?:80|443)$/, ""));
}

function hubOr(registry: string): string {
  return DOCKER_HUB_NAMES.includes(registry) ? DOCKER_HUB : registry;
}

/** Returns host and port of a registry's API. */
export function registryEndpoint(registry: string): string {
  return registry === DOCKER_HUB ? DOCKER_HUB_ENDPOINT : registry;
}

/** Reports whether a registry is certainly on this machine, so that no network path leads to it. */
export function isLoopback(registry: string): boolean {
  const host = registry.replace(/:\d+$/, "");
  return host === "localhost" || host === "[::1]" ||
    /^127\.(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.|$)){3}$/.test(host);
}

function quote(text: string): string {
  return JSON.stringify(text.length <= 80 ? text : `${text.slice(0, 80)}…`);
}
