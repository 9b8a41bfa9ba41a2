/** What a run opens for its guest on the host. Results are ≥ 0 or a negative errno. */
import { cString } from "./c_values.ts";
import { fileShim } from "./file_library.ts";

/** What a run opens for its guest, before it begins. */
export const grants = {
  /** A folder of the host; -ENOSYS where the kernel has no openat2(2). */
  directory(path: string): number {
    return fileShim().shim_grant__directory(cString(path));
  },

  /** A file of the host: to read it, to write it anew, or to do so always at its end. */
  file(path: string, use: "read" | "write" | "append"): number {
    return fileShim().shim_grant__file(cString(path), ["read", "write", "append"].indexOf(use));
  },

  /** A TCP socket that listens; -ENOENT for an address that there is not. */
  listener(host: string, port: string): number {
    return fileShim().shim_grant__listener(cString(host), cString(port));
  },

  /** The port that one listens on. */
  port(fd: number): number {
    return fileShim().shim_grant__port(fd);
  },

  /** The environment of the process: `NAME=value` as bytes. */
  environment(): Uint8Array<ArrayBuffer>[] {
    return parts((buffer, size) => fileShim().shim_grant__environment(buffer, size));
  },

  /** The arguments of the process as bytes, the program's name first; none where /proc is not there. */
  arguments(): Uint8Array<ArrayBuffer>[] {
    return parts((buffer, size) => fileShim().shim_grant__arguments(buffer, size));
  },
};

/** Reads strings that each end with a NUL. */
function parts(
  copy: (buffer: Uint8Array<ArrayBuffer>, size: number) => number,
): Uint8Array<ArrayBuffer>[] {
  const bytes = new Uint8Array(Math.max(copy(new Uint8Array(0), 0), 0));
  copy(bytes, bytes.length);
  const entries: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0, at);
    entries.push(bytes.slice(at, end));
    at = end + 1;
  }
  return entries;
}
