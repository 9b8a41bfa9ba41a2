/** Names of module addresses in policies. */
import { policyRegistry, unusableHost } from "../registry_name.ts";
import type { Named } from "./policy.ts";

/** Names of an address in policies, or the reason why it has no unique name. */
export type AddressNames =
  | {
    /** Names; policies must accept all of them. */
    readonly names: readonly Named[];
  }
  | {
    /** Reason in lower case. */
    readonly reason: string;
  };

/**
 * Returns the names of an address, `HOST/PATH`.
 *
 * A path that servers may interpret differently is refused: with empty parts, with parts that end in
 * a dot or space, which some leave out, with a semicolon, after which some see parameters, or with an
 * encoded slash, backslash, percent sign or control character. Other encoded characters are decoded. A path with upper case is looked up in lower case as well, since some servers ignore
 * case.
 */
export function addressNames(url: URL): AddressNames {
  const odd = unusableHost(url.hostname);
  if (odd !== undefined && "reason" in odd) return odd;
  const registry = policyRegistry(url.host);
  const repository = decodedPath(url.pathname);
  if (repository === undefined) return { reason: "its path is not in normal form" };
  const paths = new Set([repository, repository.toLowerCase()]);
  return { names: [...paths].map((path) => ({ registry, repository: path })) };
}

function decodedPath(pathname: string): string | undefined {
  const parts: string[] = [];
  for (const encoded of pathname.slice(1).replace(/\/$/, "").split("/")) {
    let part: string;
    try {
      part = decodeURIComponent(encoded);
    } catch {
      return undefined;
    }
    // deno-lint-ignore no-control-regex
    if ((pathname !== "/" && part === "") || /[. ]$|[/\\%;\x00-\x1f\x7f]/.test(part)) {
      return undefined;
    }
    parts.push(part);
  }
  return parts.join("/");
}
