/** Reads a file, or standard input, into memory. */
import { HostError } from "../ffi/errors.ts";
import { readKernelFile } from "../runtime/kernel_file.ts";

/** How much is read. */
export interface InputOptions {
  /** A larger input is an error. */
  readonly maxBytes: number;
}

/** How a path says standard input. */
export const STDIN = "-";

const CHUNK_BYTES = 1 << 20;

/**
 * The bytes of a file, or of standard input for `-`.
 *
 * @throws {HostError} with an errno name, or `TOO_LARGE`
 */
export function readInput(path: string, { maxBytes }: InputOptions): Uint8Array<ArrayBuffer> {
  try {
    if (path === STDIN) return readAll(Deno.stdin, { expected: 0, maxBytes, path });
    using file = Deno.openSync(path);
    const { size, isDirectory } = file.statSync();
    if (isDirectory) throw unreadable(path, "it is a folder", { code: "EISDIR" });
    return readAll(file, { expected: size, maxBytes, path });
  } catch (error) {
    if (error instanceof HostError) throw error;
    // Deno keeps the kernel's own files for programs with every permission.
    if (error instanceof Deno.errors.NotCapable) return readKernelFile(path, { maxBytes });
    const code = error instanceof Error && "code" in error ? String(error.code) : "EIO";
    if (code === "ENOENT") {
      throw unreadable(path, "there is no such file", {
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

function readAll(
  source: { readSync(bytes: Uint8Array): number | null },
  { expected, maxBytes, path }: { expected: number; maxBytes: number; path: string },
): Uint8Array<ArrayBuffer> {
  if (expected > maxBytes) throw tooLarge(path, maxBytes);
  // One byte more than there should be, so that the end is seen without growing.
  let bytes = new Uint8Array(Math.max(expected + 1, expected === 0 ? CHUNK_BYTES : 0));
  let used = 0;
  for (;;) {
    const count = source.readSync(bytes.subarray(used));
    if (count === null) return bytes.subarray(0, used);
    used += count;
    if (used > maxBytes) throw tooLarge(path, maxBytes);
    if (used === bytes.length) {
      const larger = new Uint8Array(Math.min(Math.max(used * 2, CHUNK_BYTES), maxBytes + 1));
      larger.set(bytes);
      bytes = larger;
    }
  }
}

function tooLarge(path: string, maxBytes: number): HostError {
  return unreadable(path, `it is larger than ${maxBytes >> 20} MiB`, { code: "TOO_LARGE" });
}

function unreadable(
  path: string,
  reason: string,
  options: { code: string; hint?: string; cause?: unknown },
): HostError {
  const name = path === STDIN ? "standard input" : path;
  return new HostError(`Cannot read ${name}: ${reason}`, options);
}
