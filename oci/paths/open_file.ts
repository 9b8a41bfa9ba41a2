/** Files held by a descriptor: all operations are on the file that was opened. */
import fs from "node:fs";

/** Owner and permission bits. */
export interface Ownership {
  readonly uid: number;
  readonly gid: number;
  /** Permission bits without set-user-ID, set-group-ID and sticky. */
  readonly mode: number;
}

/** File descriptor that is closed once. Every method throws Node's errors, with an errno as `code`. */
export class OpenFile implements Disposable {
  readonly #fd: number;
  #isOpen = true;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** Creates a file that must not exist. */
  static create(path: string, mode: number): OpenFile {
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;
    return new OpenFile(fs.openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode));
  }

  /** Opens a file for reading. Never blocks: a FIFO without a writer opens at once. */
  static read(path: string): OpenFile {
    const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = fs.constants;
    return new OpenFile(fs.openSync(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  }

  /** Returns fstat(2). */
  stat(): fs.Stats {
    return fs.fstatSync(this.#fd);
  }

  /** Reads up to a buffer's length; 0 at the end. */
  read(bytes: Uint8Array): number {
    return fs.readSync(this.#fd, bytes, 0, bytes.length, null);
  }

  /** Writes all of `bytes`. */
  write(bytes: Uint8Array): void {
    for (let left = bytes; left.length > 0;) left = left.subarray(fs.writeSync(this.#fd, left));
  }

  /** Sets the owner, then the mode, since a change of owner may clear bits of the mode. */
  own({ uid, gid, mode }: Ownership): void {
    const { uid: before, gid: group } = this.stat();
    if (uid !== before || gid !== group) fs.fchownSync(this.#fd, uid, gid);
    fs.fchmodSync(this.#fd, mode);
  }

  /** Calls fsync(2). */
  sync(): void {
    fs.fsyncSync(this.#fd);
  }

  /** Reports whether a path still names this file. */
  isAt(path: string): boolean {
    const [found, { dev, ino }] = [fs.lstatSync(path), this.stat()];
    return found.isFile() && found.dev === dev && found.ino === ino;
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    fs.closeSync(this.#fd);
  }
}
