/** Check that the blob of one digest refers to that of another. */
import { type Digest, isDigest, verify } from "../digest.ts";
import { HostError } from "../errors.ts";
import { MANIFEST_LIMITS } from "../json.ts";
import { type ImageIndex, parseManifest } from "../manifest.ts";
import { isIndexType } from "../media_types.ts";
import { type IndexEntry, paths } from "./layout.ts";

/** Registries nest indexes at most twice; both limits bound work on hostile input. */
const MAX_DEPTH = 4;
const MAX_INNER = 32;

/**
 * Reports whether an image index in the store, read and verified, refers to a manifest, directly or
 * through other indexes. The store's own index records which manifest was chosen from which index,
 * but proves nothing.
 *
 * @param root the store's directory
 */
export function leadsTo(root: string, way: { from: Digest; to: Digest }): boolean {
  return leads(root, { ...way, depth: MAX_DEPTH, seen: new Set() });
}

/** Reports whether a digest names an entry's manifest, or an image index that refers to it. */
export function isBehind(root: string, digest: Digest, entry: IndexEntry): boolean {
  if (entry.digest === digest) return true;
  return isDigest(entry.digest) && leadsTo(root, { from: digest, to: entry.digest });
}

function leads(
  root: string,
  way: { from: Digest; to: Digest; depth: number; seen: Set<string> },
): boolean {
  const { from, to, depth, seen } = way;
  // Indexes may name one another many times; each is read and hashed once a depth.
  const key = `${depth} ${from}`;
  if (seen.has(key)) return false;
  seen.add(key);
  const manifests = readIndexBlob(root, from)?.manifests ?? [];
  if (manifests.some(({ digest }) => digest === to)) return true;
  if (depth === 1) return false;
  const inner = manifests.filter(({ mediaType }) => isIndexType(mediaType));
  return inner.slice(0, MAX_INNER).some(({ digest }) =>
    leads(root, { from: digest, to, depth: depth - 1, seen })
  );
}

/** One that is missing or damaged leads nowhere. */
function readIndexBlob(root: string, digest: Digest): ImageIndex | undefined {
  try {
    const path = paths.blob(root, digest);
    const { size } = Deno.statSync(path);
    if (size > MANIFEST_LIMITS.bytes) return undefined;
    const bytes = Deno.readFileSync(path);
    verify(bytes, { digest, size });
    const index = parseManifest(bytes, { what: digest });
    return index.kind === "index" ? index : undefined;
  } catch (error) {
    if (error instanceof HostError || error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
