/** Which entries of the index a name stands for. */
import { REF_NAME } from "../descriptor.ts";
import { isDigest } from "../digest.ts";
import { formatReference, type Reference } from "../reference.ts";
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
  const digest = name.slice(name.indexOf("@") + 1);
  if (!isDigest(digest)) return [];
  return index.manifests.filter((entry) =>
    isListed(entry) &&
    (entry.digest === digest || entry.annotations?.[CHOSEN_FROM] === digest)
  );
}

/** Whether people see an entry: not what only says something about another, such as a signature. */
export function isListed(entry: IndexEntry): boolean {
  return entry.annotations?.[ATTACHED_TO] === undefined;
}
