/** References as words of the command line. */
import { parseReference, type Reference } from "../oci/stored.ts";

/** Environment variable with the registry of references that name none, instead of Docker Hub. */
export const DEFAULT_REGISTRY = "WASM_BPF_REGISTRY";

/** Reads a reference; names without a registry are of the one that the environment gives. */
export function referenceOf(text: string): Reference {
  const defaultRegistry = Deno.env.get(DEFAULT_REGISTRY);
  return parseReference(text, defaultRegistry ? { defaultRegistry } : {});
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
