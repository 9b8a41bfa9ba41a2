/** Reads a guest's module from a file. */
import { HostError } from "../../ffi/errors.ts";
import { isNoModule, readAll } from "./read_all.ts";

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
    return readAll(file, {
      expected: size,
      maxBytes: MAX_MODULE_BYTES,
      tooLarge: () => isTooLarge(path),
      isEnough: isNoModule,
    });
  } catch (error) {
    if (error instanceof HostError) throw error;
    throw unreadable(path, error);
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
