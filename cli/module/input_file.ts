/** Reads a file, or standard input, into memory. */
import { HostError } from "../../ffi/errors.ts";
import { readAll } from "../../ffi/bytes.ts";
import { type ReadLimit, WaitingFile } from "../../runtime/machine.ts";
import { TimedOutError } from "../errors.ts";
import { parseDuration } from "../terminal/duration.ts";
import { InputCheck } from "./input_check.ts";

/** Limits on the input. */
export interface InputOptions {
  /** Limit; a larger input is an error. */
  readonly maxBytes: number;
  /** Stops as soon as the bytes cannot be run, such as those of `/dev/zero`. */
  readonly isModule?: boolean;
  /** Returns true if the first bytes suffice for the caller to refuse the input. */
  readonly isUseless?: (start: Uint8Array) => boolean;
  /** Value of `--timeout`, which bounds the wait for a pipe; default: no limit. */
  readonly timeout?: string | undefined;
}

/** Path of standard input. */
export const STDIN = "-";

/**
 * Returns the bytes of a file, or of standard input for `-`.
 *
 * @throws {HostError} with an errno name, `TOO_LARGE`, or those of {@linkcode InputCheck}
 * @throws {TimedOutError}
 */
export function readInput(path: string, options: InputOptions): Uint8Array<ArrayBuffer> {
  const { maxBytes, isModule = false, isUseless = () => false, timeout } = options;
  const check = new InputCheck({ maxBytes, name: nameOf(path) });
  const limit = {
    maxBytes,
    tooLarge: () => tooLarge(path, maxBytes),
    isEnough: isModule ? (start: Uint8Array) => check.isEnough(start) : isUseless,
  };
  const readSlowly = () => {
    const file = path === STDIN ? 0 : path;
    const within = timeout === undefined ? undefined : limitOf(path, timeout);
    using waiting = new WaitingFile(file, nameOf(path), within);
    return readAll(waiting, { expected: 0, ...limit });
  };
  try {
    if (timeout !== undefined && (path === STDIN || keepsWaiting(path))) return readSlowly();
    if (path === STDIN) return readAll(Deno.stdin, { expected: 0, ...limit });
    using file = Deno.openSync(path);
    const { size, isDirectory } = file.statSync();
    if (isDirectory) throw unreadable(path, "it is a directory", { code: "EISDIR" });
    return readAll(file, { expected: size, ...limit });
  } catch (error) {
    if (error instanceof HostError) throw error;
    // Deno opens files of the kernel, such as /dev/stdin and /dev/fd/63, only with every permission.
    if (error instanceof Deno.errors.NotCapable) return readSlowly();
    const code = error instanceof Error && "code" in error ? String(error.code) : "EIO";
    if (code === "ENOENT") {
      throw unreadable(path, "no such file", {
        code,
        hint: "check the path",
        cause: error,
      });
    }
    const reason = error instanceof Error
      ? error.message.replace(/: (open|stat) '[^]*$/, "")
      : String(error);
    throw unreadable(path, reason, { code, cause: error });
  }
}

/** Reports whether opening or reading a path can wait for another process; false if it is not there. */
function keepsWaiting(path: string): boolean {
  try {
    const { isFile, isDirectory } = Deno.statSync(path);
    return !isFile && !isDirectory;
  } catch {
    return false;
  }
}

function limitOf(path: string, timeout: string): ReadLimit {
  return {
    atMs: performance.now() + parseDuration(timeout, "--timeout"),
    exceeded: () =>
      new TimedOutError(`Cannot read ${nameOf(path)}: not complete within --timeout ${timeout}`),
  };
}

function nameOf(path: string): string {
  return path === STDIN ? "standard input" : `"${path}"`;
}

function tooLarge(path: string, maxBytes: number): HostError {
  return unreadable(path, `larger than ${maxBytes >> 20} MiB`, { code: "TOO_LARGE" });
}

function unreadable(
  path: string,
  reason: string,
  options: { code: string; hint?: string; cause?: unknown },
): HostError {
  return new HostError(`Cannot read ${nameOf(path)}: ${reason}`, options);
}
