/** The registry that `login` and `logout` are about. */
import { isRegistryName, registryInReferences } from "../oci/mod.ts";
import { UsageError } from "./errors.ts";

/** Where people log in when they do not say where. */
const DEFAULT = "docker.io";

/**
 * The one word on the command line, as references name it; `https://` in front of it does no harm.
 *
 * @param options.plainHttp it is spoken to without TLS
 * @throws {UsageError}
 */
export function registryName(
  words: readonly string[],
  command: string,
  options: { plainHttp?: boolean } = {},
): string {
  const [word = DEFAULT, ...more] = words;
  if (more.length > 0) throw new UsageError(`Too many arguments: ${more.join(" ")}`);
  const name = word.replace(/^https?:\/\//i, "").replace(/\/(v[12]\/?)?$/, "");
  const scheme = options.plainHttp ? "http" : undefined;
  if (isRegistryName(name)) return registryInReferences(name, scheme);
  throw new UsageError(
    `Cannot ${command === "login" ? "log in to" : "log out of"} ${JSON.stringify(word)}: ` +
      "it is no registry's name",
    "a registry is a host, and a port or none: ghcr.io, localhost:5000",
  );
}
