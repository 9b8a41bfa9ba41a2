/** Writing so that a cut at any moment leaves the old or the new, never half. */
import { dirname } from "node:path";
import { fileError } from "./errors.ts";

/** Makes the entries of a folder last: what fsync(2) of a file alone does not. */
export async function syncFolder(path: string): Promise<void> {
  try {
    using folder = await Deno.open(path);
    await folder.sync();
  } catch (cause) {
    throw fileError(`sync the folder ${path}`, cause);
  }
}

/**
 * Puts `bytes` in the place of a file, all at once.
 *
 * @param temporary a path on the same file system, which nobody else uses; it is gone afterwards
 */
export async function replaceFile(
  path: string,
  bytes: Uint8Array,
  options: { temporary: string },
): Promise<void> {
  const { temporary } = options;
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
    throw fileError(`write ${path}`, cause);
  }
  await syncFolder(dirname(path));
}

/** Writes all of `bytes`. */
export async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let left = bytes; left.length > 0;) left = left.subarray(await file.write(left));
}

/** Removes a file; nothing happens when there is none. */
export async function removeIfThere(path: string): Promise<boolean> {
  try {
    await Deno.remove(path);
    return true;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return false;
    throw fileError(`remove ${path}`, cause);
  }
}
