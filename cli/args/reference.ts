/** References on the command line. */
import {
  parseReference,
  readRegistryName,
  type Reference,
  ReferenceSyntaxError,
} from "../../oci/stored.ts";
import { UsageError } from "../errors.ts";
import { saysReference } from "./reference_word.ts";

/** Environment variable with the default registry, instead of Docker Hub. */
export const DEFAULT_REGISTRY = "WASM_BPF_REGISTRY";

/**
 * Reads a reference; without a registry it uses the one in the environment.
 *
 * @throws {UsageError} also for an invalid registry in the environment
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
 * Reads a reference, which needs a tag, a digest, a slash or a scheme. A word without any can only be
 * a file, in every command: `nope` is searched neither in the store nor on Docker Hub.
 *
 * @param command completes "Cannot …"
 * @throws {UsageError} naming both readings
 */
export function artifactReference(word: string, command: string): Reference {
  // referenceOf() reports paths.
  if (looksLikeReference(word) || looksLikePath(word)) return referenceOf(word);
  throw new UsageError(
    `Cannot ${command} ${
      JSON.stringify(word)
    }: no such file, and a reference needs a tag or a slash`,
    hintFor(word),
  );
}

/**
 * Reads a user's name of a stored artifact that is neither a digest nor an exact name.
 *
 * @throws {UsageError}
 */
export function storedReference(word: string): Reference {
  // referenceOf() reports paths.
  if (looksLikeReference(word) || looksLikePath(word)) return referenceOf(word);
  throw new UsageError(
    `Cannot find ${JSON.stringify(word)}: a name in the store needs a tag or a slash`,
    `${hintFor(word)}; run wasm-bpf images to list names and digests`,
  );
}

/** Suggests the full reference, if the word could be one. */
export function hintFor(word: string): string {
  try {
    parseReference(`${word}:latest`);
    return `for an artifact, write ${word}:latest`;
  } catch {
    return WRITE_IT;
  }
}

/**
 * Reads a reference before a request to its registry: a file's name is not a name on Docker Hub.
 *
 * @throws {UsageError}
 */
export function registryReference(word: string, command: string): Reference {
  if (!saysReference(word) && (looksLikePath(word) || isReadable(word))) {
    throw new UsageError(
      `Cannot ${command} "${word}": it is a path, and ${command} takes a reference`,
      WRITE_IT,
    );
  }
  return artifactReference(word, command);
}

/** Reports whether a word names an existing regular file. */
export function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Reports whether a word names something that can be read: a file, a FIFO or a device. */
export function isReadable(path: string): boolean {
  try {
    return !Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** Reports whether a word is a path rather than a reference, existing or not. */
export function looksLikePath(word: string): boolean {
  return /^[./~]/.test(word);
}

/**
 * Reports whether a word that names no file is meant as a reference: it has a scheme, a tag, a digest
 * or a registry, or a slash without looking like a path.
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
