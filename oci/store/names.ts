/** Which entries of the index a name stands for. */
import { type Descriptor, REF_NAME } from "../descriptor.ts";
import { type Digest, isDigest } from "../digest.ts";
import { formatReference, type Reference } from "../reference.ts";
import { StoreError } from "./errors.ts";
import { ATTACHED_TO, CHOSEN_FROM, type IndexEntry, type LayoutIndex } from "./layout.ts";

/** What the store calls a reference: with a digest, the tag says nothing more. */
export function storedName(reference: Reference): string {
  const { registry, repository, digest } = reference;
  return formatReference(
    digest === undefined ? reference : { registry, repository, digest },
  );
}

/**
 * The entries with a name: a reference, or a digest of a manifest or of the index that it was chosen
 * from, alone or behind a repository. Whoever has a digest need not have it from the same repository:
 * its content is the same.
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

/** Whether people see an entry: not what only says something about another, such as a signature. */
export function isListed(entry: IndexEntry): boolean {
  return entry.annotations?.[ATTACHED_TO] === undefined;
}

/** Fewer digits than this are more likely a name. */
const SHORT_DIGEST = /^[0-9a-f]{7,64}$/;

/**
 * What a person means by a word, of what the store has: a reference, a digest, or the first digits of
 * one as `wasm-bpf images` shows them.
 *
 * @returns the name or digest that {@linkcode entriesOf} knows
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

/** The descriptor of an index entry, without what the index has to say about it. */
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
