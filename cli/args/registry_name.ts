/** The registry that `login` and `logout` are about. */
import { readRegistryName, withReferencePort } from "../../oci/mod.ts";
import { UsageError } from "../errors.ts";

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
  const scheme = options.plainHttp || /^http:/i.test(word) ? "http" : undefined;
  const read = readRegistryName(name, scheme);
  if ("name" in read) return withReferencePort(read.name, options.plainHttp ? "http" : undefined);
  throw new UsageError(
    `Cannot ${command === "login" ? "log in to" : "log out of"} ${JSON.stringify(word)}: ` +
      read.reason,
    read.hint ?? "name a registry by its host, with or without a port: ghcr.io, localhost:5000",
  );
}
