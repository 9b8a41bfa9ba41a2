/** Locks between processes: flock(2), which the kernel gives up when the process ends. */
import { fileError } from "./errors.ts";

/** An open file that is locked until it is disposed of. */
export class Lock implements Disposable {
  readonly #file: Deno.FsFile;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Waits for the lock: shared with others that share it, or alone. The file is made if need be. */
  static async acquire(path: string, options: { exclusive: boolean }): Promise<Lock> {
    let file: Deno.FsFile;
    try {
      file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
    } catch (cause) {
      throw fileError(`open ${path}`, cause);
    }
    try {
      await file.lock(options.exclusive);
      return new Lock(file);
    } catch (cause) {
      file.close();
      throw fileError(`lock ${path}`, cause);
    }
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/**
 * Runs `work` while holding the lock of a file.
 *
 * @returns undefined, without running it, if the lock is taken or the file is gone
 */
export async function whileFree<T>(
  path: string,
  work: (info: Deno.FileInfo) => Promise<T>,
): Promise<T | undefined> {
  try {
    using file = await Deno.open(path, { read: true });
    // A process that waited for the lock checks that the file still exists.
    if (!await file.tryLock(true) || !await isAt(file, path)) return undefined;
    return await work(await file.stat());
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw fileError(`look at ${path}`, cause);
  }
}

/** Reports whether a path still names this open file. */
export async function isAt(file: Deno.FsFile, path: string): Promise<boolean> {
  try {
    const [open, named] = await Promise.all([file.stat(), Deno.stat(path)]);
    return open.ino === named.ino && open.dev === named.dev;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return false;
    throw fileError(`look at ${path}`, cause);
  }
}
