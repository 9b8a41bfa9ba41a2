/** Writes a file that a command makes: whole or not at all. */
import { basename, dirname, join } from "node:path";
import { HostError } from "../ffi/errors.ts";

/** How a path says standard output. */
export const STDOUT = "-";

/** Nobody reads what is written to a pipe any more; the command ends as SIGPIPE would end it. */
export const EXIT_BROKEN_PIPE = 141;

/**
 * Writes a stream of bytes to a file, or to standard output for `-`.
 *
 * A file appears when all of it is there, in place of the one before. What is no file, such as a device
 * or a pipe, is written to as it is.
 *
 * @throws {HostError} with an errno name (`EPIPE` for standard output); whatever the stream throws
 */
export async function writeOutput(path: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  if (path === STDOUT) return await writeTo(Deno.stdout, bytes, "standard output");
  const target = await realPath(path);
  const found = await look(target);
  if (found?.isDirectory) throw unwritable(path, "EISDIR", "it is a folder");
  if (found !== undefined && !found.isFile) {
    using file = await open(target, path, { write: true });
    return await writeTo(file, bytes, path);
  }
  const temporary = join(dirname(target), `.${basename(target)}.${crypto.randomUUID()}`);
  try {
    {
      using file = await open(temporary, path, { write: true, createNew: true });
      await writeTo(file, bytes, path);
      await guarded(path, () => file.sync());
    }
    const mode = found?.mode ?? undefined;
    if (mode !== undefined) await guarded(path, () => Deno.chmod(temporary, mode));
    await guarded(path, () => Deno.rename(temporary, target));
  } catch (error) {
    await Deno.remove(temporary).catch(() => {/* It was not made. */});
    throw error;
  }
}

/** Where links lead; the path itself when there is nothing yet. */
async function realPath(path: string): Promise<string> {
  return await Deno.realPath(path).catch(() => path);
}

async function look(path: string): Promise<Deno.FileInfo | undefined> {
  return await Deno.stat(path).catch(() => undefined);
}

async function open(target: string, path: string, options: Deno.OpenOptions): Promise<Deno.FsFile> {
  return await guarded(path, () => Deno.open(target, options));
}

async function writeTo(
  file: { write(bytes: Uint8Array): Promise<number> },
  bytes: AsyncIterable<Uint8Array>,
  path: string,
): Promise<void> {
  for await (const chunk of bytes) {
    for (let left = chunk; left.length > 0;) {
      const written = await guarded(path, () => file.write(left));
      left = left.subarray(written);
    }
  }
}

async function guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "EIO";
    const text = cause instanceof Error ? cause.message : String(cause);
    throw unwritable(path, code, text.replace(/: \w+ '[^]*$/, ""), cause);
  }
}

const HINTS: Readonly<Record<string, string>> = {
  ENOENT: "the folder must be there already",
  ENOSPC: "free some space; what was there before is untouched",
};

function unwritable(path: string, code: string, reason: string, cause?: unknown): HostError {
  const options = { code, hint: HINTS[code], cause };
  return new HostError(`Cannot write ${path}: ${reason}`, options);
}
