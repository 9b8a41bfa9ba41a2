/** Writes a command's result to standard output, or to a file, whole or not at all. */
import { HostError } from "../../ffi/errors.ts";

/** Path of standard output. */
export const STDOUT = "-";

/** Exit code after writing to a closed pipe: 128 + SIGPIPE. */
export const EXIT_BROKEN_PIPE = 141;

/** Name in errors. */
const STANDARD_OUTPUT = "standard output";

/** The reader closed standard output. Code: `EPIPE`. */
class BrokenPipe extends HostError {
  override name = "BrokenPipe";
}

/** Reports whether an error means that the reader closed standard output. */
export function isBrokenPipe(error: unknown): boolean {
  return error instanceof BrokenPipe;
}

/** Returns the error of a reader that closed standard output; see {@linkcode isBrokenPipe}. */
export function brokenPipe(cause?: unknown): HostError {
  const text = "Cannot write standard output: the reader closed it";
  return new BrokenPipe(text, { code: "EPIPE", cause });
}

/**
 * Writes lines to standard output.
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
 * A complete file replaces the previous one and keeps its owner and mode. A device or a pipe is written
 * in place. Root writes only where no other user can replace the file.
 *
 * @throws {HostError} with an errno name, `UNSAFE_PATH` where root must not write; see
 *   {@linkcode isBrokenPipe}; whatever the stream throws
 */
export async function writeOutput(path: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  if (path === STDOUT) return await writeTo(Deno.stdout, bytes, STANDARD_OUTPUT);
  // Loaded lazily: most commands, and every plain run, write no file.
  const { Replacement, resolveForWriting } = await import("../../oci/paths/mod.ts");
  const destination = attempt(path, () => resolveForWriting(path));
  const { path: target, info, folder, isMagic } = destination;
  if (isMagic) return await writeTo(ownStream(path, target), bytes, STANDARD_OUTPUT);
  if (info?.isDirectory) throw unwritable(path, "EISDIR", "it is a directory");
  if (info !== undefined && !info.isFile) {
    using file = await openThere(target, path);
    return await writeTo(file, bytes, path);
  }
  if (folder === undefined) throw unwritable(path, "ENOENT", "no such directory");
  using file = attempt(path, () => new Replacement(destination, { mode: 0o666 }));
  for await (const chunk of bytes) attempt(path, () => file.write(chunk));
  attempt(path, () => file.finish());
}

/** File that is written piece by piece, each of them whole. */
export class BlockingOutput {
  readonly #file: Pick<Deno.FsFile, "writeSync">;
  readonly #close: () => void;
  readonly #path: string;

  /** @param close called by {@linkcode BlockingOutput.close} */
  constructor(file: Pick<Deno.FsFile, "writeSync">, path: string, close: () => void = () => {}) {
    this.#file = file;
    this.#path = path;
    this.#close = close;
  }

  /**
   * Writes all of the bytes.
   *
   * @throws {HostError} with an errno name; see {@linkcode isBrokenPipe}
   */
  write(bytes: Uint8Array): void {
    try {
      while (bytes.length > 0) bytes = bytes.subarray(this.#file.writeSync(bytes));
    } catch (cause) {
      throw notWritten(this.#path, cause);
    }
  }

  /** Closes the file. */
  close(): void {
    this.#close();
  }
}

/**
 * Opens a file that grows while others read it; a regular one is emptied. Root opens only what no other
 * user can replace.
 *
 * @param timeout value of `--timeout`, which bounds the wait for the reader of a FIFO
 * @throws {HostError} with an errno name, `UNSAFE_PATH` where root must not write
 * @throws {TimedOutError}
 */
export async function openOutputFile(path: string, timeout?: string): Promise<BlockingOutput> {
  const { resolveForWriting } = await import("../../oci/paths/mod.ts");
  const { path: target, info, folder, isMagic } = attempt(path, () => resolveForWriting(path));
  if (isMagic) return new BlockingOutput(ownStream(path, target), path);
  if (info?.isDirectory) throw unwritable(path, "EISDIR", "it is a directory");
  if (info === undefined && folder === undefined) {
    throw unwritable(path, "ENOENT", "no such directory");
  }
  const isRegular = info === undefined || info.isFile;
  const options = { write: true, create: true, truncate: true, mode: 0o666 };
  const file = isRegular
    ? await guarded(path, () => Deno.open(target, options))
    : await openThere(target, path, timeout);
  return new BlockingOutput(file, path, () => file.close());
}

/**
 * Returns the path to open for a guest's output, without links: root opens only what no other user can
 * replace.
 *
 * @throws {HostError} with an errno name, `UNSAFE_PATH` where root must not write
 */
export async function safeOutputPath(path: string): Promise<string> {
  const { resolveForWriting } = await import("../../oci/paths/mod.ts");
  const { path: target, isMagic } = attempt(path, () => resolveForWriting(path));
  return isMagic ? path : target;
}

/** Opens a device, or a pipe as soon as it has a reader. */
async function openThere(target: string, path: string, timeout?: string): Promise<Deno.FsFile> {
  return await guarded(path, async () => {
    const { isFifo } = await Deno.stat(target);
    if (isFifo !== true) return await Deno.open(target, { write: true });
    const { openFifo } = await import("./fifo.ts");
    return await openFifo(target, path, timeout);
  });
}

/** Returns the stream that a link such as `/dev/stdout` leads to. */
function ownStream(path: string, target: string): typeof Deno.stdout {
  const [, pid, descriptor] = /^\/proc\/(\d+)\/(?:task\/\d+\/)?fd\/(\d+)$/.exec(target) ?? [];
  if (Number(pid) === Deno.pid && descriptor === "1") return Deno.stdout;
  if (Number(pid) === Deno.pid && descriptor === "2") return Deno.stderr;
  throw unwritable(path, "EINVAL", "only standard output and error can be used among open files");
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

function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw notWritten(path, cause);
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
  if (cause instanceof HostError) return cause;
  if (cause instanceof Deno.errors.NotCapable) {
    return unwritable(path, "EACCES", "only devices such as /dev/null can be opened", cause);
  }
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "EIO";
  const text = cause instanceof Error ? cause.message : String(cause);
  if (path === STANDARD_OUTPUT && code === "EPIPE") {
    return brokenPipe(cause);
  }
  return unwritable(path, code, reasonIn(text), cause);
}

/** Returns the reason in a message of Deno or Node, which add the call, the path and a number. */
function reasonIn(message: string): string {
  return message.replace(/^E[A-Z0-9]+: /, "").replace(/[:,] \w+ '[^]*$/, "")
    .replace(/, \w+$/, "").replace(/ \(os error \d+\)$/, "");
}

const HINTS: Readonly<Record<string, string>> = {
  ENOENT: "create the directory first",
  ENOSPC: "free some space",
  EACCES: "write to standard output with -, and let the shell open the file",
};

function unwritable(path: string, code: string, reason: string, cause?: unknown): HostError {
  const isStream = path === STANDARD_OUTPUT;
  const options = { code, hint: isStream ? undefined : HINTS[code], cause };
  return new HostError(`Cannot write ${isStream ? path : `"${path}"`}: ${reason}`, options);
}
