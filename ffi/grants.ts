/** Host resources that a run opens for its guest. Results are ≥ 0 or a negative errno. */
import { cString } from "./c_values.ts";
import { fileShim } from "./file.ts";
import { type Interrupt, interruptPointer } from "./interrupt.ts";

/** Operations before the guest starts. */
export const grants = {
  /** Opens a directory of the host; -ENOSYS if the kernel has no openat2(2). */
  directory(path: string): number {
    return fileShim().shim_grant__directory(cString(path));
  },

  /**
   * Opens a file of the host to read, overwrite or append. A FIFO is written to when it has a reader;
   * -EINTR when the interrupt ends the wait for one.
   */
  file(path: string, use: "read" | "write" | "append", interrupt?: Interrupt): number {
    const writes = ["read", "write", "append"].indexOf(use);
    const pointer = interrupt === undefined ? null : interruptPointer(interrupt);
    return fileShim().shim_grant__file(pointer, cString(path), writes);
  },

  /** Opens a listening TCP socket; -ENOENT for an unknown address. */
  listener(host: string, port: string): number {
    return fileShim().shim_grant__listener(cString(host), cString(port));
  },

  /** Returns the port of a listening socket. */
  port(fd: number): number {
    return fileShim().shim_grant__port(fd);
  },

  /** Returns the environment of the process: `NAME=value` as bytes. */
  environment(): Uint8Array<ArrayBuffer>[] {
    return parts((buffer, size) => fileShim().shim_grant__environment(buffer, size));
  },

  /** Returns the arguments of the process as bytes, the program's name first; empty without /proc. */
  arguments(): Uint8Array<ArrayBuffer>[] {
    return parts((buffer, size) => fileShim().shim_grant__arguments(buffer, size));
  },
};

/** Splits NUL-terminated strings. */
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
