/** References as words of the command line. */
import {
  parseReference,
  readRegistryName,
  type Reference,
  ReferenceSyntaxError,
} from "../../oci/stored.ts";
import { UsageError } from "../errors.ts";
import { saysReference } from "./reference_word.ts";

/** Environment variable with the registry of references that name none, instead of Docker Hub. */
export const DEFAULT_REGISTRY = "WASM_BPF_REGISTRY";

/**
 * Reads a reference; names without a registry are of the one that the environment gives.
 *
 * @throws {UsageError} also when the environment gives none
 */
export function referenceOf(text: string): Reference {
  const defaultRegistry = Deno.env.get(DEFAULT_REGISTRY);
  if (!defaultRegistry) return parsed(text);
  const read = readRegistryName(defaultRegistry);
  if (!("name" in read)) {
    throw new UsageError(
      `Cannot use ${DEFAULT_REGISTRY}: ${read.reason}`,
      read.hint ?? "set it to a host, with or without a port: ghcr.io or localhost:5000",
    );
  }
  return parsed(text, { defaultRegistry });
}

function parsed(text: string, options: { defaultRegistry?: string } = {}): Reference {
  try {
    return parseReference(text, options);
  } catch (error) {
    if (!(error instanceof ReferenceSyntaxError)) throw error;
    if (!looksLikePath(text)) throw new UsageError(error.message, error.hint);
    throw new UsageError(
      `Cannot use the reference ${JSON.stringify(text)}: it is a path`,
      WRITE_IT,
    );
  }
}

const WRITE_IT = "write it like ghcr.io/you/tool:v1 or localhost:5000/tool:v1";

/**
 * Reads a reference, which needs a tag, a digest, a slash or a scheme. A word without any is a file and
 * nothing else, in every command: `nope` is not looked up in the store nor asked for at Docker Hub.
 *
 * @param command completes "Cannot …"
 * @throws {UsageError} naming both readings
 */
export function artifactReference(word: string, command: string): Reference {
  // Of a path, referenceOf() reports that it is one.
  if (looksLikeReference(word) || looksLikePath(word)) return referenceOf(word);
  throw new UsageError(
    `Cannot ${command} ${
      JSON.stringify(word)
    }: no such file, and a reference needs a tag or a slash`,
    hintFor(word),
  );
}

/**
 * Reads what a person calls something in the store, where it is neither a digest nor a name to the letter.
 *
 * @throws {UsageError}
 */
export function storedReference(word: string): Reference {
  // Of a path, referenceOf() reports that it is one.
  if (looksLikeReference(word) || looksLikePath(word)) return referenceOf(word);
  throw new UsageError(
    `Cannot find ${JSON.stringify(word)}: a name in the store needs a tag or a slash`,
    `${hintFor(word)}; wasm-bpf images lists names and digests`,
  );
}

/** Suggests the whole reference, where the word could be one. */
export function hintFor(word: string): string {
  try {
    parseReference(`${word}:latest`);
    return `for an artifact, write ${word}:latest`;
  } catch {
    return WRITE_IT;
  }
}

/**
 * Reads a reference whose registry is about to be asked: the name of a file is not taken for one of
 * Docker Hub's.
 *
 * @throws {UsageError}
 */
export function registryReference(word: string, command: string): Reference {
  if (!saysReference(word) && (looksLikePath(word) || isFile(word))) {
    throw new UsageError(
      `Cannot ${command} ${word}: it is a path, and ${command} takes a reference`,
      WRITE_IT,
    );
  }
  return artifactReference(word, command);
}

/** Whether a word names a file that is there; neither a folder nor a pipe. */
export function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Whether a word is a path and no reference, whether or not anything is there. */
export function looksLikePath(word: string): boolean {
  return /^[./~]/.test(word);
}

/**
 * Whether a word that names no file is meant as a reference: one with a scheme, a tag, a digest or a
 * registry, or with a slash where it does not look like a path.
 */
export function looksLikeReference(word: string): boolean {
  if (/^(oci|docker|https?):\/\//i.test(word)) return true;
  if (looksLikePath(word)) return false;
  if (word.includes("@") || /:[\w.-]+$/.test(word)) return true;
  const slash = word.indexOf("/");
  if (slash < 0) return false;
  const isHost = /[.:]|^localhost$/.test(word.slice(0, slash));
  return isHost || !/\.(wasm|wat)$/i.test(word);
}
