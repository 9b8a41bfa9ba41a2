/** Matching of names with entries of the index. */
import { type Descriptor, REF_NAME } from "../descriptor.ts";
import { type Digest, isDigest } from "../digest.ts";
import { formatReference, type Reference } from "../reference.ts";
import { StoreError } from "./errors.ts";
import { ATTACHED_TO, CHOSEN_FROM, type IndexEntry, type LayoutIndex } from "./layout.ts";

/** Returns the name under which the store keeps a reference: a digest makes the tag redundant. */
export function storedName(reference: Reference): string {
  const { registry, repository, digest } = reference;
  return formatReference(
    digest === undefined ? reference : { registry, repository, digest },
  );
}

/**
 * Returns the entries with a name: a reference, or a digest of a manifest or of the index that it
 * was chosen from, alone or after a repository. A digest matches in every repository: its content
 * is the same.
 */
export function entriesOf(index: LayoutIndex, name: string): IndexEntry[] {
  const named = index.manifests.filter((entry) => entry.annotations?.[REF_NAME] === name);
  if (named.length > 0) return named;
  const digest = digestIn(name);
  if (digest === undefined) return [];
  return index.manifests.filter((entry) =>
    isListed(entry) &&
    (entry.digest === digest || entry.annotations?.[CHOSEN_FROM] === digest)
  );
}

/** The digest that a name has in it, or is. */
export function digestIn(name: string): Digest | undefined {
  const text = name.slice(name.indexOf("@") + 1);
  return isDigest(text) ? text : undefined;
}

/**
 * Reports whether an entry is listed: entries that only describe another, such as a signature, are
 * not.
 */
export function isListed(entry: IndexEntry): boolean {
  return entry.annotations?.[ATTACHED_TO] === undefined;
}

/** Fewer digits than this are more likely a name. */
const SHORT_DIGEST = /^[0-9a-f]{7,64}$/;

/**
 * Finds an artifact in the store by a reference, a digest, or the first digits of one as `wasm-bpf
 * images` prints them.
 *
 * @returns the name or digest for {@linkcode entriesOf}
 */
export function findInStore(
  entries: readonly IndexEntry[],
  word: string,
  reference: () => Reference,
): string {
  if (isDigest(word)) return word;
  const names = new Set(entries.map(({ annotations }) => annotations?.[REF_NAME]));
  if (names.has(word)) return word;
  if (SHORT_DIGEST.test(word)) {
    const digests = new Set(
      entries.filter(isListed).map(({ digest }) => digest)
        .filter((digest) => digest.slice(digest.indexOf(":") + 1).startsWith(word)),
    );
    const [only] = digests;
    if (only !== undefined && digests.size === 1) return only;
  }
  return storedName(reference());
}

/** Returns the descriptor of an index entry, without the index's own annotations. */
export function descriptorOf(entry: IndexEntry): Descriptor {
  const { mediaType, digest, size } = entry;
  if (!isDigest(digest)) throw notInStore(digest);
  return { mediaType, digest, size };
}

/** The error about a name that the store does not have. */
export function notInStore(name: string): StoreError {
  return new StoreError(`Cannot find ${name}: it is not in the store`, {
    code: "NOT_IN_STORE",
    hint: "wasm-bpf images lists what is, wasm-bpf pull gets it",
  });
}
