/**
 * Reads modules from the local store for plain runs. The compiled program keeps this in a file of its
 * own that is small: whatever needs more, or goes wrong, is left to `dispatch.ts`, which says what it is.
 */
import { lookUp, policiesThere, readPlainModule } from "../../oci/stored.ts";
import { looksLikeReference, referenceOf } from "../args/reference.ts";

/** The module that a word names in the store, if that is all there is to it. */
export function readStored(word: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    if (!looksLikeReference(word) || policiesThere().length > 0 || isThere(word)) return undefined;
    const artifact = lookUp(referenceOf(word));
    return artifact && readPlainModule(artifact, { what: word });
  } catch {
    return undefined;
  }
}

/** A file of that name comes first. */
function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory);
  }
}
