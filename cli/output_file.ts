/** Writes what a command makes: to standard output, or to a file, whole or not at all. */
import { basename, dirname, join } from "node:path";
import { HostError } from "../ffi/errors.ts";

/** How a path says standard output. */
export const STDOUT = "-";

/** Nobody reads what is written to a pipe any more; the command ends as SIGPIPE would end it. */
export const EXIT_BROKEN_PIPE = 141;

/** How errors name it. */
const STANDARD_OUTPUT = "standard output";

/** Somebody closed the other end of standard output. Code: `EPIPE`. */
class BrokenPipe extends HostError {
  override name = "BrokenPipe";
}

/** Whether an error is that nobody reads standard output any more. */
export function isBrokenPipe(error: unknown): boolean {
  return error instanceof BrokenPipe;
}

/**
 * Writes a line or more to standard output.
 *
 * @throws {HostError} with an errno name, such as `ENOSPC`; see {@linkcode isBrokenPipe}
 */
export function print(text: string): void {
  let bytes = new TextEncoder().encode(`${text}\n`);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
  } catch (cause) {
    throw notWritten(STANDARD_OUTPUT, cause);
  }
}

/**
 * Writes a stream of bytes to a file, or to standard output for `-`.
 *
 * A file appears when all of it is there, in place of the one before. What is no file, such as a device
 * or a pipe, is written to as it is.
 *
 * @throws {HostError} with an errno name; see {@linkcode isBrokenPipe}; whatever the stream throws
 */
export async function writeOutput(path: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  if (path === STDOUT) return await writeTo(Deno.stdout, bytes, STANDARD_OUTPUT);
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
    throw notWritten(path, cause);
  }
}

function notWritten(path: string, cause: unknown): HostError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "EIO";
  const text = cause instanceof Error ? cause.message : String(cause);
  if (path === STANDARD_OUTPUT && code === "EPIPE") {
    return new BrokenPipe("Cannot write standard output: nobody reads it", { code, cause });
  }
  return unwritable(
    path,
    code,
    text.replace(/: \w+ '[^]*$/, "").replace(/ \(os error \d+\)$/, ""),
    cause,
  );
}

const HINTS: Readonly<Record<string, string>> = {
  ENOENT: "the folder must be there already",
  ENOSPC: "free some space; what was there before is untouched",
};

function unwritable(path: string, code: string, reason: string, cause?: unknown): HostError {
  const options = { code, hint: path === STANDARD_OUTPUT ? undefined : HINTS[code], cause };
  return new HostError(`Cannot write ${path}: ${reason}`, options);
}
