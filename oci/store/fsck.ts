/** Checks a store from end to end. */
import { createHash } from "node:crypto";
import { REF_NAME } from "../descriptor.ts";
import { StoreError } from "./errors.ts";
import { CHOSEN_FROM, type LayoutIndex, paths, readIndex } from "./layout.ts";
import { blobsOf, reachable } from "./prune.ts";

/** Result of a check of the store. */
export interface Checked {
  /** Blobs that were read and hashed. */
  blobs: number;
  /** Bytes of them. */
  bytes: number;
  /** Problems, a line each; empty if the store is intact. */
  problems: string[];
}

/**
 * Reads every blob and compares it with its name, and follows every entry of the index: all blobs
 * that it refers to must exist, with the listed size. Changes nothing and takes no lock: blobs that
 * another process prunes meanwhile may be reported as missing.
 */
export async function fsck(root: string): Promise<Checked> {
  const checked: Checked = { blobs: 0, bytes: 0, problems: [] };
  const sizes = new Map<string, number>();
  for (const { digest, path } of await blobsOf(root)) {
    const { actual, size } = await hashFile(path, digest.slice(0, digest.indexOf(":")));
    checked.blobs++;
    checked.bytes += size;
    if (actual === digest) sizes.set(digest, size);
    else checked.problems.push(`blob ${digest} is damaged: its bytes have the digest ${actual}`);
  }
  let index: LayoutIndex;
  try {
    index = readIndex(root);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    checked.problems.push(error.message);
    return checked;
  }
  // The marker is written last: a process killed before leaves it to the next one.
  const isBegun = checked.blobs === 0 && index.manifests.length === 0;
  await checkMarker(root, { checked, isBegun });
  for (const entry of index.manifests) {
    const name = entry.annotations?.[REF_NAME] ?? entry.digest;
    const size = sizes.get(entry.digest);
    if (size !== undefined && size !== entry.size) {
      checked.problems.push(`${name}: the manifest has ${size} bytes instead of ${entry.size}`);
    }
    const needed = await reachable(root, [{ ...entry, annotations: chosenFrom(entry) }]);
    for (const digest of needed) {
      if (!sizes.has(digest)) checked.problems.push(`${name}: blob ${digest} is missing`);
    }
  }
  return checked;
}

/** The entry's annotations, without the one that ties it to another. */
function chosenFrom(entry: { annotations?: Record<string, string> }): Record<string, string> {
  const digest = entry.annotations?.[CHOSEN_FROM];
  return digest === undefined ? {} : { [CHOSEN_FROM]: digest };
}

async function checkMarker(
  root: string,
  options: { checked: Checked; isBegun: boolean },
): Promise<void> {
  const { checked, isBegun } = options;
  const path = paths.marker(root);
  const text = await Deno.readTextFile(path).catch((error) =>
    isBegun && error instanceof Deno.errors.NotFound ? undefined : ""
  );
  if (text === undefined) return;
  if (!/"imageLayoutVersion"\s*:\s*"1\./.test(text)) {
    checked.problems.push(`${path} is not an image layout marker of version 1`);
  }
}

async function hashFile(
  path: string,
  algorithm: string,
): Promise<{ actual: string; size: number }> {
  const hash = createHash(algorithm);
  using file = await Deno.open(path);
  const buffer = new Uint8Array(2 ** 20);
  let size = 0;
  for (;;) {
    const count = await file.read(buffer);
    if (count === null) return { actual: `${algorithm}:${hash.digest("hex")}`, size };
    hash.update(buffer.subarray(0, count));
    size += count;
  }
}
