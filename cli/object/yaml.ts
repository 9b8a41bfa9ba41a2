/** YAML of packages and gadgets: loaded where there is some, since few runs have it. */
import { load } from "js-yaml";
import { HostError } from "../../ffi/errors.ts";

/**
 * Reads one document. Aliases are shared, not copied, so that a small file stays small.
 *
 * @throws {HostError} `BAD_PACKAGE`
 */
export function parseYaml(bytes: Uint8Array, name: string): unknown {
  try {
    return load(new TextDecoder().decode(bytes));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new HostError(`Cannot read the package "${name}": ${reason}`, {
      code: "BAD_PACKAGE",
      cause,
    });
  }
}
