/** Reads a guest's module from a file. */
import { HostError } from "../../ffi/errors.ts";
import { readAll } from "../../ffi/bytes.ts";
import { contentKind } from "../../oci/content_kind.ts";

const WASM_MAGIC = [0x00, 0x61, 0x73, 0x6d];

/** Reports whether bytes at the start of a file, 4 at least, are not those of a module. */
export function isNoModule(start: Uint8Array): boolean {
  return start.length >= WASM_MAGIC.length && WASM_MAGIC.some((byte, i) => start[i] !== byte);
}

/** Bytes by which every kind of content shows. */
export const SHOWS_KIND = 512;

/** Reports whether bytes at the start of a file are neither a module nor anything else that is run. */
export function isNotRunnable(start: Uint8Array): boolean {
  return isNoModule(start) && contentKind(start) === "unknown" && start.length >= SHOWS_KIND;
}

/** 1 GiB; V8 compiles no larger module. */
const MAX_MODULE_BYTES = 1024 ** 3;

/**
 * Reports whether a path is a regular file of usual size, which can be read at once. FIFOs, terminals and
 * devices can make a reader wait.
 *
 * @throws Deno's errors
 */
export function isPromptFile(path: string): boolean {
  const { isFile, size } = Deno.statSync(path);
  return isFile && size <= MAX_PROMPT_BYTES && !OF_THE_KERNEL.test(path);
}

const MAX_PROMPT_BYTES = 1 << 24;

/** Descriptors and files that Deno opens only with every permission, such as /dev/stdin. */
const OF_THE_KERNEL = /^\/(dev|proc|sys)\//;

/**
 * Returns the bytes of a file that {@linkcode isPromptFile} accepts.
 *
 * @throws {HostError} with an errno name, or `TOO_LARGE`
 */
export function readModuleFile(path: string): Uint8Array<ArrayBuffer> {
  try {
    // By its path: Deno does not open directories of /proc.
    if (Deno.statSync(path).isDirectory) throw isFolder(path);
    using file = Deno.openSync(path);
    return readAll(file, {
      expected: file.statSync().size,
      maxBytes: MAX_MODULE_BYTES,
      tooLarge: () => isTooLarge(path),
      isEnough: isNotRunnable,
    });
  } catch (error) {
    if (error instanceof HostError) throw error;
    throw unreadable(path, error);
  }
}

function isFolder(path: string): HostError {
  return new HostError(`Cannot run "${path}": it is a directory`, {
    code: "EISDIR",
    hint: "pass a WebAssembly module, a .wasm file",
  });
}

function isTooLarge(path: string): HostError {
  return new HostError(`Cannot run "${path}": larger than 1 GiB`, {
    code: "TOO_LARGE",
    hint: "build a smaller module: no WebAssembly engine compiles this size",
  });
}

function unreadable(path: string, cause: unknown): HostError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "EIO";
  if (code === "EISDIR") return isFolder(path);
  if (code === "ENOENT") {
    return new HostError(`Cannot run "${path}": no such file`, {
      code,
      hint: "check the path; put options of wasm-bpf before the module",
      cause,
    });
  }
  const reason = cause instanceof Error
    ? cause.message.replace(/: (open|stat) '[^]*$/, "")
    : String(cause);
  return new HostError(`Cannot read "${path}": ${reason}`, {
    code,
    hint: code === "EACCES" ? "check the permissions of the file and its directories" : undefined,
    cause,
  });
}
