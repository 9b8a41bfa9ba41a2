/** Audit: lines to the machine's log. */
import { cString } from "./c_values.ts";
import { shim } from "./library.ts";

/**
 * Sends a line to a log's socket, without waiting.
 *
 * @returns 0 or a negative errno: -ENOENT without a log
 */
export function sendToLog(path: string, line: string): number {
  return shim().shim_audit__send(cString(path), cString(line));
}
