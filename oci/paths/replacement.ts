/** Replaces files atomically, safe from changes by other users in between. */
import { dirname, join } from "node:path";
import { HostError } from "../../ffi/errors.ts";
import { OpenFile, type Ownership } from "./open_file.ts";
import { folderObjection, isSharedFolder, linkObjection } from "./trust.ts";
import { type Destination, walk } from "./walk.ts";

/** Code: another user controls the path that root would write to. */
const UNSAFE = "UNSAFE_PATH";

/**
 * Resolves a path for writing.
 *
 * Root follows only directories and links that belong to root and that no other user can write to; in a
 * sticky directory root accepts only files of root. Other users follow links in sticky directories as
 * `fs.protected_symlinks` allows.
 *
 * @throws {HostError} `UNSAFE_PATH`; what {@linkcode walk} throws
 */
export function resolveForWriting(path: string): Destination {
  const isRoot = Deno.uid() === 0;
  const refuse = (reason: string | undefined) => {
    if (reason !== undefined) throw unsafe(path, reason);
  };
  const destination = walk(path, {
    folder: (at, info) => refuse(isRoot ? folderObjection(at, info) : undefined),
    link: (at, info, holder) =>
      refuse(isRoot || isForeignIn(info, holder) ? linkObjection(at, info) : undefined),
  });
  const { info, folder, isMagic } = destination;
  if (info !== undefined && folder !== undefined && !isMagic) {
    if (isRoot && info.uid !== 0 && isSharedFolder(folder)) {
      throw unsafe(path, `it belongs to user ${info.uid}`);
    }
  }
  return destination;
}

/** Reports whether a link in a sticky directory belongs to a user who does not own the directory. */
function isForeignIn(link: Deno.FileInfo, holder: Deno.FileInfo): boolean {
  return isSharedFolder(holder) && link.uid !== holder.uid;
}

/** Replacement of one file: written next to it under another name, then renamed over it. */
export class Replacement implements Disposable {
  readonly #target: string;
  readonly #temporary: string;
  readonly #file: OpenFile;
  readonly #ownership: Ownership | undefined;
  #isDone = false;

  /**
   * Creates the new, empty file.
   *
   * @param destination from {@linkcode resolveForWriting}: a regular file, or a free name
   * @param options.mode permission bits, less those of the umask; an existing file's bits win
   * @param options.keepMode false sets `mode` even if an existing file has another one
   */
  constructor(
    { path, info }: Destination,
    { mode, keepMode = true }: { mode: number; keepMode?: boolean },
  ) {
    this.#target = path;
    // Independent of the target's name, which may have the maximum length.
    this.#temporary = join(dirname(path), `.${crypto.randomUUID()}.tmp`);
    this.#ownership = info === undefined
      ? undefined
      : ownershipOf(info, keepMode ? undefined : mode);
    // Only the owner may read the replacement of an existing file before it is complete.
    this.#file = OpenFile.create(this.#temporary, info === undefined ? mode : 0o600);
  }

  /** Appends bytes. */
  write(bytes: Uint8Array): void {
    this.#file.write(bytes);
  }

  /**
   * Renames the new file over the old one, with the owner and mode of the old one.
   *
   * @throws {HostError} `UNSAFE_PATH` when another program replaced the new file in the meantime
   */
  finish(): void {
    const file = this.#file;
    if (this.#ownership !== undefined) file.own(this.#keepable(this.#ownership));
    file.sync();
    if (!file.isAt(this.#temporary)) {
      throw unsafe(this.#target, "another program replaced the file while it was written");
    }
    Deno.renameSync(this.#temporary, this.#target);
    this.#isDone = true;
  }

  /** Returns the owner that this process may set: only root changes it. */
  #keepable(ownership: Ownership): Ownership {
    if (Deno.uid() === 0) return ownership;
    const { uid, gid } = this.#file.stat();
    return { ...ownership, uid, gid };
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
    if (this.#isDone) return;
    try {
      Deno.removeSync(this.#temporary);
    } catch {
      // Already removed.
    }
  }
}

function ownershipOf({ uid, gid, mode }: Deno.FileInfo, instead?: number): Ownership {
  return { uid: uid ?? 0, gid: gid ?? 0, mode: instead ?? ((mode ?? 0o600) & 0o777) };
}

function unsafe(path: string, reason: string): HostError {
  return new HostError(`Cannot write "${path}": ${reason}`, {
    code: UNSAFE,
    hint:
      "write to a directory that only root can change, or run the command as the owner of this one",
  });
}
