/** Locks between processes: flock(2), which the kernel releases when the process ends. */
import { errnoOf, fileError, RunsError } from "./errors.ts";

/** Milliseconds between attempts. */
const RETRY_MS = 20;

/** Open file that is locked until it is disposed of. */
export class FileLock implements Disposable {
  readonly #file: Deno.FsFile;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /**
   * Locks a file, alone, and creates it if need be.
   *
   * @throws {RunsError} `BUSY` if another process holds it for all of `waitMs`
   */
  static async acquire(path: string, waitMs: number): Promise<FileLock> {
    const file = openLock(path);
    // Short looks by other processes hold it, too.
    for (const end = performance.now() + waitMs;;) {
      if (tryLock(file, path, true)) return new FileLock(file);
      if (performance.now() >= end) break;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    file.close();
    throw new RunsError(`Cannot lock ${path}: another process uses it`, {
      code: "BUSY",
      hint: "wait until that process has ended; wasm-bpf ps shows what runs",
    });
  }

  /** Closes the file, which releases the lock. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Reports whether a process holds a lock. */
export function isLocked(path: string): boolean {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path, { read: true });
  } catch (cause) {
    if (errnoOf(cause) === "ENOENT") return false;
    throw fileError(`open ${path}`, cause);
  }
  try {
    return !tryLock(file, path, false);
  } finally {
    file.close();
  }
}

function openLock(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { read: true, write: true, create: true, mode: 0o600 });
  } catch (cause) {
    throw fileError(`open ${path}`, cause);
  }
}

function tryLock(file: Deno.FsFile, path: string, exclusive: boolean): boolean {
  try {
    return file.tryLockSync(exclusive);
  } catch (cause) {
    throw fileError(`lock ${path}`, cause);
  }
}
