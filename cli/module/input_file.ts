/** Reads a file, or standard input, into memory. */
import { HostError } from "../../ffi/errors.ts";
import { readKernelFile } from "../../runtime/machine.ts";
import { readAll } from "../../ffi/bytes.ts";
import { isNotRunnable } from "./module_file.ts";

/** Limits on the input. */
export interface InputOptions {
  /** Limit; a larger input is an error. */
  readonly maxBytes: number;
  /** Stops after the first bytes of what cannot be run, such as `/dev/zero`. */
  readonly isModule?: boolean;
}

/** Path of standard input. */
export const STDIN = "-";

/**
 * Returns the bytes of a file, or of standard input for `-`.
 *
 * @throws {HostError} with an errno name, or `TOO_LARGE`
 */
export function readInput(path: string, options: InputOptions): Uint8Array<ArrayBuffer> {
  const { maxBytes, isModule = false } = options;
  const limit = {
    maxBytes,
    tooLarge: () => tooLarge(path, maxBytes),
    isEnough: isModule ? isNotRunnable : () => false,
  };
  try {
    if (path === STDIN) return readAll(Deno.stdin, { expected: 0, ...limit });
    using file = Deno.openSync(path);
    const { size, isDirectory } = file.statSync();
    if (isDirectory) throw unreadable(path, "it is a directory", { code: "EISDIR" });
    return readAll(file, { expected: size, ...limit });
  } catch (error) {
    if (error instanceof HostError) throw error;
    // Deno opens the kernel's own files only with every permission.
    if (error instanceof Deno.errors.NotCapable) return readKernelFile(path, { maxBytes });
    const code = error instanceof Error && "code" in error ? String(error.code) : "EIO";
    if (code === "ENOENT") {
      throw unreadable(path, "no such file", {
        code,
        hint: "check the path",
        cause: error,
      });
    }
    const reason = error instanceof Error
      ? error.message.replace(/: open '[^]*$/, "")
      : String(error);
    throw unreadable(path, reason, { code, cause: error });
  }
}

function tooLarge(path: string, maxBytes: number): HostError {
  return unreadable(path, `larger than ${maxBytes >> 20} MiB`, { code: "TOO_LARGE" });
}

function unreadable(
  path: string,
  reason: string,
  options: { code: string; hint?: string; cause?: unknown },
): HostError {
  const name = path === STDIN ? "standard input" : `"${path}"`;
  return new HostError(`Cannot read ${name}: ${reason}`, options);
}
