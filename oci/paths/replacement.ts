/** Puts a new file in the place of another, without a moment at which another user can exchange it. */
import { dirname, join } from "node:path";
import { HostError } from "../../ffi/errors.ts";
import { OpenFile, type Ownership } from "./open_file.ts";
import { folderObjection, isSharedFolder, linkObjection } from "./trust.ts";
import { type Destination, walk } from "./walk.ts";

/** Root is asked to write where another user decides what is written to. */
const UNSAFE = "UNSAFE_PATH";

/**
 * Resolves a path that is to be written to.
 *
 * Root goes only through folders and links that belong to root and that no other user can write to; in a
 * sticky folder root takes only what belongs to root. Other users follow links in sticky folders as
 * `fs.protected_symlinks` has it.
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

/** Links of another user in a sticky folder, unless the folder is that user's. */
function isForeignIn(link: Deno.FileInfo, holder: Deno.FileInfo): boolean {
  return isSharedFolder(holder) && link.uid !== holder.uid;
}

/** Replacement of one file: written next to it under another name, then moved onto it. */
export class Replacement implements Disposable {
  readonly #target: string;
  readonly #temporary: string;
  readonly #file: OpenFile;
  readonly #ownership: Ownership | undefined;
  #isDone = false;

  /**
   * Makes the new file, empty.
   *
   * @param destination from {@linkcode resolveForWriting}: a plain file, or a place where nothing is
   * @param options.mode permission bits, less those of the umask; those of the file that is there win
   * @param options.keepMode false sets `mode` even where a file with another one is there
   */
  constructor(
    { path, info }: Destination,
    { mode, keepMode = true }: { mode: number; keepMode?: boolean },
  ) {
    this.#target = path;
    // The name says nothing of the target's, which may be as long as a name can be.
    this.#temporary = join(dirname(path), `.${crypto.randomUUID()}.tmp`);
    this.#ownership = info === undefined
      ? undefined
      : ownershipOf(info, keepMode ? undefined : mode);
    // Until it is complete, only its owner reads what replaces an existing file.
    this.#file = OpenFile.create(this.#temporary, info === undefined ? mode : 0o600);
  }

  /** Appends bytes. */
  write(bytes: Uint8Array): void {
    this.#file.write(bytes);
  }

  /**
   * Moves the new file onto the old one, whose owner and mode it gets.
   *
   * @throws {HostError} `UNSAFE_PATH` when the new file was exchanged in the meantime
   */
  finish(): void {
    const file = this.#file;
    if (this.#ownership !== undefined) file.own(this.#keepable(this.#ownership));
    file.sync();
    if (!file.isAt(this.#temporary)) {
      throw unsafe(this.#target, "another program exchanged the file while it was written");
    }
    Deno.renameSync(this.#temporary, this.#target);
    this.#isDone = true;
  }

  /** Only root gives files away. */
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
      // It is gone already.
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
      "write to a folder that only root can change, or run the command as the owner of this one",
  });
}
