/** Audit: digests of modules, and lines to the machine's log. */
import { cString } from "./c_values.ts";
import { shim } from "./library.ts";

/** Returns `sha256:` and the digest in hexadecimal. */
export function sha256(bytes: Uint8Array<ArrayBuffer>): string {
  const out = new Uint8Array(32);
  shim().shim_audit__digest(bytes, bytes.length, out);
  return `sha256:${[...out].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/**
 * Sends a line to a log's socket, without waiting.
 *
 * @returns 0 or a negative errno: -ENOENT where there is no log
 */
export function sendToLog(path: string, line: string): number {
  return shim().shim_audit__send(cString(path), cString(line));
}
