/**
 * Reads modules from the local store for plain runs. The compiled program has this in a small separate
 * file, so other cases and failures are left to `dispatch.ts`.
 */
import {
  lookUp,
  PERMISSIONS,
  policiesThere,
  readPlainModule,
  repositoryOf,
} from "../../oci/stored.ts";
import { looksLikeReference, referenceOf } from "../args/reference.ts";
import { isNoModule } from "../module/module_file.ts";
import type { RunLine } from "../args/run_options.ts";
import { type Admission, admit, type ForeignModule, type Refused } from "../permissions/mod.ts";
import type { ReadModule } from "./plain_run.ts";

/** Returns the stored module that a word names, in the simplest case. */
export function readStored(word: string): ReadModule | undefined {
  try {
    if (!looksLikeReference(word) || policiesThere().length > 0 || isThere(word)) return undefined;
    const reference = referenceOf(word);
    const artifact = lookUp(reference);
    const bytes = artifact && readPlainModule(artifact, { what: word });
    if (artifact === undefined || bytes === undefined) return undefined;
    // An object may have metadata, which the long way reads.
    if (isNoModule(bytes)) return undefined;
    const { digest, manifest } = artifact;
    return {
      path: word,
      bytes,
      origin: {
        repository: repositoryOf(reference),
        digest,
        signers: [],
        asked: manifest.annotations[PERMISSIONS],
      },
    };
  } catch {
    return undefined;
  }
}

/** Admits a module of the store; refuses it if that requires a prompt. */
export function admitQuickly(line: RunLine, module: ForeignModule): Admission | Refused {
  return admit(line, module, { canAsk: false });
}

/** An existing file takes precedence. */
function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory);
  }
}
