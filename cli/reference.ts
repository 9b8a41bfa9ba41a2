/** References as words of the command line. */
import { isRegistryName, parseReference, type Reference } from "../oci/stored.ts";
import { UsageError } from "./errors.ts";

/** Environment variable with the registry of references that name none, instead of Docker Hub. */
export const DEFAULT_REGISTRY = "WASM_BPF_REGISTRY";

/**
 * Reads a reference; names without a registry are of the one that the environment gives.
 *
 * @throws {ReferenceSyntaxError}
 * @throws {UsageError} when the environment gives none
 */
export function referenceOf(text: string): Reference {
  const defaultRegistry = Deno.env.get(DEFAULT_REGISTRY);
  if (!defaultRegistry) return parseReference(text);
  if (!isRegistryName(defaultRegistry)) {
    throw new UsageError(
      `Cannot use ${DEFAULT_REGISTRY}: ${JSON.stringify(defaultRegistry)} is no registry`,
      "it is a host, with a port or none: ghcr.io or localhost:5000",
    );
  }
  return parseReference(text, { defaultRegistry });
}

/**
 * Whether a word that names no file is meant as a reference: one with a scheme, a tag, a digest or a
 * registry, or with a slash where it does not look like a path.
 */
export function looksLikeReference(word: string): boolean {
  if (/^(oci|docker|https?):\/\//i.test(word)) return true;
  if (/^[./~]/.test(word)) return false;
  if (word.includes("@") || /:[\w.-]+$/.test(word)) return true;
  const slash = word.indexOf("/");
  if (slash < 0) return false;
  const isHost = /[.:]|^localhost$/.test(word.slice(0, slash));
  return isHost || !/\.(wasm|wat)$/i.test(word);
}
