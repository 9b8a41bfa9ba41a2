/** Puts small files in shared directories, without ever writing over a file of another program. */
import { basename, dirname, join } from "node:path";
import { OpenFile } from "./open_file.ts";
import { resolveForWriting } from "./replacement.ts";

/** Options of {@linkcode placeFile}. */
export interface PlacementOptions {
  /** Permission bits. */
  readonly mode: number;
  /** True to replace the file that is there, which the caller has recognized as its own. */
  readonly replaces: boolean;
}

/**
 * Writes a file whole or not at all. Without `replaces`, a name that is taken by then, even by a link,
 * is left as it is.
 *
 * @throws {HostError} `UNSAFE_PATH` where root must not write; Node's errors, with an errno as `code`:
 *   `EEXIST` when the name is taken
 */
export function placeFile(path: string, bytes: Uint8Array, options: PlacementOptions): void {
  const { mode, replaces } = options;
  const { path: target, folder } = resolveForWriting(path);
  if (folder === undefined) throw missing(path);
  // One name for each file, so that what a killed process left is used again.
  const temporary = join(dirname(target), `.${basename(target)}.wasm-bpf-new`);
  removeIfThere(temporary);
  try {
    using file = OpenFile.create(temporary, 0o600);
    file.write(bytes);
    const { uid, gid } = file.stat();
    file.own({ uid, gid, mode });
    file.sync();
    if (replaces) Deno.renameSync(temporary, target);
    // link(2) fails where a name is taken, which rename(2) does not.
    else Deno.linkSync(temporary, target);
  } finally {
    removeIfThere(temporary);
  }
  syncFolder(dirname(target));
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function syncFolder(path: string): void {
  using folder = Deno.openSync(path);
  folder.syncSync();
}

function missing(path: string): Error {
  return Object.assign(new Error(`no such directory: ${dirname(path)}`), { code: "ENOENT" });
}
