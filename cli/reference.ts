/** References as words of the command line. */
import { parseReference, type Reference } from "../oci/mod.ts";

/** Environment variable with the registry of references that name none, instead of Docker Hub. */
export const DEFAULT_REGISTRY = "WASM_BPF_REGISTRY";

/** Reads a reference; names without a registry are of the one that the environment gives. */
export function referenceOf(text: string): Reference {
  const defaultRegistry = Deno.env.get(DEFAULT_REGISTRY);
  return parseReference(text, defaultRegistry ? { defaultRegistry } : {});
}
