/** Frees what nothing leads to any more. */
import { join } from "node:path";
import { HostError } from "../../ffi/errors.ts";
import { REF_NAME } from "../descriptor.ts";
import { isDigest, verify } from "../digest.ts";
import { type ImageIndex, type ImageManifest, parseManifest } from "../manifest.ts";
import { MANIFEST_LIMITS } from "../json.ts";
import { isIndexType, isManifestType } from "../media_types.ts";
import { fileError } from "./errors.ts";
import { removeIfThere } from "./files.ts";
import { ATTACHED_TO, CHOSEN_FROM, type IndexEntry, isBlobDigest, paths } from "./layout.ts";
import { leasedDigests, namesIn } from "./lease.ts";
import { whileFree } from "./lock.ts";

/** Lifetime of a failed transfer's bytes, from which the next one can resume. */
const PARTIAL_LIFE_MS = 24 * 3600 * 1000;

/** Removed blobs, or those that would be. */
export interface Pruned {
  /** Digests of blobs. */
  blobs: string[];
  /** Bytes, transfers that were never completed among them. */
  freedBytes: number;
  /**
   * Names whose manifest is missing or damaged. While there are any, their blobs are unknown and
   * every blob is kept.
   */
  unreadable: string[];
}

/** Blobs to keep. */
interface Survey {
  /** Entries, without those attached to artifacts that have no name any more. */
  manifests: IndexEntry[];
  /** Digests of all that these lead to. */
  blobs: Set<string>;
  /** Digests that living processes keep. */
  leased: Set<string>;
  /** Names of entries that may lead to more. */
  unreadable: string[];
}

/** Finds what is to stay. Only with the store locked for this process alone. */
export async function survey(root: string, entries: readonly IndexEntry[]): Promise<Survey> {
  const leased = await leasedDigests(root);
  const unreadable = new Set<string>();
  const blobs = await reachable(root, entries, unreadable);
  const isDue = (subject: string) => blobs.has(subject) || leased.has(subject);
  const manifests = entries.filter(({ annotations }) =>
    annotations?.[ATTACHED_TO] === undefined || isDue(annotations[ATTACHED_TO])
  );
  return { manifests, blobs, leased, unreadable: [...unreadable] };
}

/**
 * Removes all other blobs and files left by killed processes. The store must be locked exclusively.
 *
 * @param options.unreadable entries that may refer to more blobs: then only leftover files are
 *   removed
 * @param options.partials also removes transfers of the last day that could be resumed
 * @param options.dryRun reports what would be removed, and removes nothing
 */
export async function sweep(
  root: string,
  options: {
    kept: ReadonlySet<string>;
    unreadable: string[];
    partials?: boolean;
    dryRun?: boolean;
  },
): Promise<Pruned> {
  const { unreadable } = options;
  const pruned: Pruned = { blobs: [], freedBytes: 0, unreadable };
  for (const { digest, path } of unreadable.length > 0 ? [] : await blobsOf(root)) {
    if (options.kept.has(digest)) continue;
    pruned.blobs.push(digest);
    pruned.freedBytes += await take(path, options);
  }
  pruned.freedBytes += await sweepIngest(root, options);
  return pruned;
}

/** Returns every blob's digest and path. Files with other names are ignored. */
export async function blobsOf(root: string): Promise<{ digest: string; path: string }[]> {
  const folders = await namesIn(paths.blobs(root));
  const lists = await Promise.all(folders.map(async (algorithm) => {
    const folder = join(paths.blobs(root), algorithm);
    return (await namesIn(folder)).map((hex) => ({
      digest: `${algorithm}:${hex}`,
      path: join(folder, hex),
    }));
  }));
  return lists.flat().filter(({ digest }) => isBlobDigest(digest));
}

/**
 * Returns the digests of all blobs that the entries refer to. Attached entries count if their
 * subject does.
 *
 * @param unreadable receives the names of entries whose blobs cannot be determined
 */
export async function reachable(
  root: string,
  entries: readonly IndexEntry[],
  unreadable: Set<string> = new Set(),
): Promise<Set<string>> {
  const found = new Set<string>();
  const followAll = async (entry: IndexEntry) => {
    const isKnown = await follow(root, { entry, found, isListed: true });
    if (!isKnown) unreadable.add(entry.annotations?.[REF_NAME] ?? entry.digest);
  };
  const attached = entries.filter((entry) => entry.annotations?.[ATTACHED_TO] !== undefined);
  for (const entry of entries) if (!attached.includes(entry)) await followAll(entry);
  // A signature can be about another signature.
  for (let left = attached, before = -1; left.length !== before;) {
    before = left.length;
    const due = left.filter((entry) => found.has(entry.annotations?.[ATTACHED_TO] ?? ""));
    left = left.filter((entry) => !due.includes(entry));
    for (const entry of due) await followAll(entry);
  }
  return found;
}

/**
 * Reports whether all blobs of an entry are known. Manifests of an index may be missing because
 * they were not pulled; listed entries were complete.
 */
async function follow(
  root: string,
  way: {
    entry: Pick<IndexEntry, "digest" | "mediaType" | "annotations" | "size">;
    found: Set<string>;
    isListed: boolean;
  },
): Promise<boolean> {
  const { entry, found, isListed } = way;
  const chosenFrom = entry.annotations?.[CHOSEN_FROM];
  if (chosenFrom !== undefined) found.add(chosenFrom);
  const isNew = !found.has(entry.digest);
  found.add(entry.digest);
  const isLeaf = !isManifestType(entry.mediaType) && !isIndexType(entry.mediaType);
  if (isLeaf || (!isNew && !isListed)) return true;
  const manifest = await readManifestOf(root, entry);
  if (typeof manifest === "string") return manifest === "missing" && !isListed;
  if (manifest.kind === "manifest") {
    for (const { digest } of [manifest.config, ...manifest.layers]) found.add(digest);
    return true;
  }
  let isKnown = true;
  for (const child of manifest.manifests) {
    if (!await follow(root, { entry: child, found, isListed: false })) isKnown = false;
  }
  return isKnown;
}

async function readManifestOf(
  root: string,
  { digest, mediaType, size }: Pick<IndexEntry, "digest" | "mediaType" | "size">,
): Promise<ImageManifest | ImageIndex | "missing" | "damaged"> {
  try {
    if (!isDigest(digest)) return "damaged";
    const path = paths.blob(root, digest);
    if ((await Deno.stat(path)).size > MANIFEST_LIMITS.bytes) return "damaged";
    const bytes = await Deno.readFile(path);
    verify(bytes, { digest, size });
    return parseManifest(bytes, { what: digest, mediaType });
  } catch (error) {
    if (error instanceof HostError) return "damaged";
    if (error instanceof Deno.errors.NotFound) return "missing";
    throw fileError(`read ${digest}`, error);
  }
}

/**
 * Removes what was left in `ingest/` by processes that are gone. Only with the store locked for this
 * process alone.
 *
 * @returns bytes that were freed
 */
export async function sweepIngest(
  root: string,
  options: { partials?: boolean; dryRun?: boolean } = {},
): Promise<number> {
  let freed = 0;
  for (const name of await namesIn(paths.ingest(root))) {
    const path = join(paths.ingest(root), name);
    freed += await whileFree(path, async ({ size, mtime }) => {
      const ageMs = Date.now() - (mtime?.getTime() ?? 0);
      const isKept = name.endsWith(".partial") && !options.partials && ageMs < PARTIAL_LIFE_MS;
      if (isKept) return 0;
      if (!options.dryRun) await removeIfThere(path);
      return size;
    }) ?? 0;
  }
  return freed;
}

async function take(path: string, options: { dryRun?: boolean }): Promise<number> {
  const { size } = await Deno.stat(path);
  if (!options.dryRun) await removeIfThere(path);
  return size;
}
