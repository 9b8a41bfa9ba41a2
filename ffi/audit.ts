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

/**
 * Returns the user that this process's session logged in as (audit_getloginuid(3)).
 *
 * By the shim: Deno opens no file of /proc with the rights of the compiled program.
 *
 * @returns 4294967295 if none was set; a negative errno without /proc or audit
 */
export function loginUid(): number {
  return Number(shim().shim_audit__login_uid());
}
