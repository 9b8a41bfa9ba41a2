/** Reads a guest's module from a file. */
import { HostError } from "../ffi/errors.ts";

/** V8 compiles no larger module. */
const MAX_MODULE_BYTES = 1024 ** 3;

/**
 * The bytes of a file; a pipe is read to its end.
 *
 * @throws {HostError} with an errno name, or `TOO_LARGE`
 */
export function readModuleFile(path: string): Uint8Array<ArrayBuffer> {
  try {
    using file = Deno.openSync(path);
    const { size, isDirectory } = file.statSync();
    if (isDirectory) throw isFolder(path);
    if (size > MAX_MODULE_BYTES) throw isTooLarge(path);
    return readAll(file, size, path);
  } catch (error) {
    if (error instanceof HostError) throw error;
    throw unreadable(path, error);
  }
}

function readAll(file: Deno.FsFile, expected: number, path: string): Uint8Array<ArrayBuffer> {
  // One byte more than there should be, so that the end of the file is seen without growing.
  let bytes = new Uint8Array(expected + 1);
  let used = 0;
  for (;;) {
    const count = file.readSync(bytes.subarray(used));
    if (count === null) return bytes.subarray(0, used);
    used += count;
    if (used > MAX_MODULE_BYTES) throw isTooLarge(path);
    if (used === bytes.length) {
      const larger = new Uint8Array(Math.min(Math.max(used * 2, 65536), MAX_MODULE_BYTES + 1));
      larger.set(bytes);
      bytes = larger;
    }
  }
}

function isFolder(path: string): HostError {
  return new HostError(`Cannot run ${path}: it is a folder`, {
    code: "EISDIR",
    hint: "give a WebAssembly module, a .wasm file",
  });
}

function isTooLarge(path: string): HostError {
  return new HostError(`Cannot run ${path}: it is larger than 1 GiB`, {
    code: "TOO_LARGE",
    hint: "no WebAssembly engine compiles a module of that size",
  });
}

function unreadable(path: string, cause: unknown): HostError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "EIO";
  if (code === "EISDIR") return isFolder(path);
  if (code === "ENOENT") {
    return new HostError(`Cannot run ${path}: there is no such file`, {
      code,
      hint: "check the path; options stand before the module, and what follows it is the guest's",
      cause,
    });
  }
  const reason = cause instanceof Error
    ? cause.message.replace(/: open '[^]*$/, "")
    : String(cause);
  return new HostError(`Cannot read ${path}: ${reason}`, {
    code,
    hint: code === "EACCES" ? "check who may read the file and its folders" : undefined,
    cause,
  });
}
