/** Frees what nothing leads to any more. */
import { join } from "node:path";
import { HostError } from "../../ffi/errors.ts";
import { parseManifest } from "../manifest.ts";
import { MANIFEST_LIMITS } from "../json.ts";
import { isIndexType, isManifestType } from "../media_types.ts";
import { fileError } from "./errors.ts";
import { removeIfThere } from "./files.ts";
import { ATTACHED_TO, CHOSEN_FROM, type IndexEntry, isBlobDigest, paths } from "./layout.ts";
import { leasedDigests, namesIn } from "./lease.ts";
import { whileFree } from "./lock.ts";

/** What there is of a transfer that failed is worth going on from for so long. */
const PARTIAL_LIFE_MS = 24 * 3600 * 1000;

/** What was removed, or would be. */
export interface Pruned {
  /** Digests of blobs. */
  blobs: string[];
  /** Bytes, transfers that were never completed among them. */
  freedBytes: number;
}

/** What is to stay. */
interface Survey {
  /** The entries without those that are attached to what nobody names any more. */
  manifests: IndexEntry[];
  /** Digests of all that these lead to. */
  blobs: Set<string>;
  /** Digests that living processes keep. */
  leased: Set<string>;
}

/** Finds what is to stay. Only with the store locked for this process alone. */
export async function survey(root: string, entries: readonly IndexEntry[]): Promise<Survey> {
  const leased = await leasedDigests(root);
  const blobs = await reachable(root, entries);
  const isDue = (subject: string) => blobs.has(subject) || leased.has(subject);
  const manifests = entries.filter(({ annotations }) =>
    annotations?.[ATTACHED_TO] === undefined || isDue(annotations[ATTACHED_TO])
  );
  return { manifests, blobs, leased };
}

/**
 * Removes all other blobs, and what processes that were killed left behind. Only with the store locked
 * for this process alone.
 *
 * @param options.partials also transfers of the last day that could be taken up again
 * @param options.dryRun says what would go, and removes nothing
 */
export async function sweep(
  root: string,
  options: { kept: ReadonlySet<string>; partials?: boolean; dryRun?: boolean },
): Promise<Pruned> {
  const pruned: Pruned = { blobs: [], freedBytes: 0 };
  for (const { digest, path } of await blobsOf(root)) {
    if (options.kept.has(digest)) continue;
    pruned.blobs.push(digest);
    pruned.freedBytes += await take(path, options);
  }
  pruned.freedBytes += await sweepIngest(root, options);
  return pruned;
}

/** Every blob's digest and path. What others put there under other names is none. */
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

/** Digests of all that the entries lead to; attached ones count when what they are attached to does. */
export async function reachable(
  root: string,
  entries: readonly IndexEntry[],
): Promise<Set<string>> {
  const found = new Set<string>();
  const attached = entries.filter((entry) => entry.annotations?.[ATTACHED_TO] !== undefined);
  for (const entry of entries) if (!attached.includes(entry)) await follow(root, entry, found);
  // A signature can be about another signature.
  for (let left = attached, before = -1; left.length !== before;) {
    before = left.length;
    const due = left.filter((entry) => found.has(entry.annotations?.[ATTACHED_TO] ?? ""));
    left = left.filter((entry) => !due.includes(entry));
    for (const entry of due) await follow(root, entry, found);
  }
  return found;
}

async function follow(
  root: string,
  entry: Pick<IndexEntry, "digest" | "mediaType" | "annotations">,
  found: Set<string>,
): Promise<void> {
  const chosenFrom = entry.annotations?.[CHOSEN_FROM];
  if (chosenFrom !== undefined) found.add(chosenFrom);
  if (found.has(entry.digest)) return;
  found.add(entry.digest);
  if (!isManifestType(entry.mediaType) && !isIndexType(entry.mediaType)) return;
  const manifest = await readManifestOf(root, entry);
  if (manifest === undefined) return;
  if (manifest.kind === "index") {
    for (const child of manifest.manifests) await follow(root, child, found);
    return;
  }
  for (const { digest } of [manifest.config, ...manifest.layers]) found.add(digest);
}

/** Nothing when it is missing or is none: what it would lead to cannot be used then. */
async function readManifestOf(root: string, entry: Pick<IndexEntry, "digest" | "mediaType">) {
  const { digest, mediaType } = entry;
  try {
    const path = paths.blob(root, digest);
    if ((await Deno.stat(path)).size > MANIFEST_LIMITS.bytes) return undefined;
    return parseManifest(await Deno.readFile(path), { what: digest, mediaType });
  } catch (error) {
    if (error instanceof HostError || error instanceof Deno.errors.NotFound) return undefined;
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
