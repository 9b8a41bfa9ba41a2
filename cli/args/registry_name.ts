/** Registry argument of `login` and `logout`. */
import { readRegistryName, withReferencePort } from "../../oci/mod.ts";
import { UsageError } from "../errors.ts";

/** Registry without an argument, as in docker. */
const DEFAULT = "docker.io";

/**
 * Returns the only argument in the form that references use, without `https://`.
 *
 * @param options.plainHttp use HTTP without TLS
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
    read.hint ?? "write a host, with or without a port: ghcr.io, localhost:5000",
  );
}
