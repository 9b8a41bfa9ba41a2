/** Writing so that a cut at any moment leaves the old or the new, never half. */
import { dirname } from "node:path";
import { errnoName, fileError } from "./errors.ts";

/** Makes the entries of a folder last: what fsync(2) of a file alone does not. */
export async function syncFolder(path: string): Promise<void> {
  try {
    using folder = await Deno.open(path);
    await folder.sync();
  } catch (cause) {
    throw fileError(`sync the folder ${path}`, cause);
  }
}

/** Errors of a disk that is full, or of a quota that is used up. */
const NO_ROOM = new Set(["ENOSPC", "EDQUOT"]);

/** Spares come in whole blocks, so that a file that grows a little needs no other one. */
const SPARE_BYTES = 2 ** 14;

/**
 * Replaces a file's content atomically.
 *
 * @param temporary an unused path on the same file system; it is gone afterwards
 * @param spare a file from {@linkcode makeSpare}, used for the bytes if the disk is full; it is
 *   gone then
 */
export async function replaceFile(
  path: string,
  bytes: Uint8Array,
  options: { temporary: string; spare?: string | undefined },
): Promise<void> {
  const { temporary, spare } = options;
  try {
    using file = await Deno.open(temporary, {
      write: true,
      createNew: true,
      mode: 0o600,
    });
    await writeAll(file, bytes);
    await file.sync();
    await Deno.rename(temporary, path);
  } catch (cause) {
    await removeIfThere(temporary);
    const isSaved = spare !== undefined && NO_ROOM.has(errnoName(cause)) &&
      await replaceBySpare(path, bytes, { spare });
    if (!isSaved) throw fileError(`write ${path}`, cause);
  }
  await syncFolder(dirname(path));
}

/** Reports success: a file that has its blocks already needs no free space. */
async function replaceBySpare(
  path: string,
  bytes: Uint8Array,
  { spare }: { spare: string },
): Promise<boolean> {
  try {
    using file = await Deno.open(spare, { write: true });
    if ((await file.stat()).size < bytes.length) return false;
    await writeAll(file, bytes);
    await file.truncate(bytes.length);
    await file.sync();
    await Deno.rename(spare, path);
    return true;
  } catch {
    // The error of the first attempt is reported instead.
    return false;
  }
}

/** Keeps room for so many bytes in a file, if there is any; see {@linkcode replaceFile}. */
export async function makeSpare(path: string, bytes: number): Promise<void> {
  const size = Math.ceil(bytes / SPARE_BYTES) * SPARE_BYTES;
  try {
    using file = await Deno.open(path, { write: true, create: true, mode: 0o600 });
    if ((await file.stat()).size >= size) return;
    await writeAll(file, new Uint8Array(size));
  } catch {
    // Without one, names cannot be removed on a full disk.
  }
}

/** Writes all of `bytes`. */
export async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let left = bytes; left.length > 0;) left = left.subarray(await file.write(left));
}

/** Removes a file, if it exists. */
export async function removeIfThere(path: string): Promise<boolean> {
  try {
    await Deno.remove(path);
    return true;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return false;
    throw fileError(`remove ${path}`, cause);
  }
}
