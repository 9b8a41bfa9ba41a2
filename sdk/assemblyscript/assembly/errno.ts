// SPDX-License-Identifier: MIT
/**
 * Errors are the ABI's: negative numbers of the kernel's errno table. A call that returns a number
 * is below 0 when it failed; one that returns an object returns null then.
 */
import { lastError as readLastError } from "./imports";

export const EPERM: i32 = -1;
export const ENOENT: i32 = -2;
/** The guest is asked to end (Ctrl-C, a time-out), once: it should finish then. */
export const EINTR: i32 = -4;
export const E2BIG: i32 = -7;
export const EBADF: i32 = -9;
export const EFAULT: i32 = -14;
export const EEXIST: i32 = -17;
export const EINVAL: i32 = -22;
export const ENOSPC: i32 = -28;
export const ERANGE: i32 = -34;
export const EOPNOTSUPP: i32 = -95;

/**
 * The text of the last failure that has one: what and why in the first line, then a hint, then the
 * verifier's log, where there are any; "" when nothing has failed.
 */
export function lastError(): string {
  const size = readLastError(0, 0) + 1;
  const text = heap.alloc(size);
  readLastError(text, size);
  const result = String.UTF8.decodeUnsafe(text, size - 1);
  heap.free(text);
  return result;
}

/** A string as the host takes it; give it back with `heap.free()`. */
export function cString(text: string): usize {
  const size = String.UTF8.byteLength(text, true);
  const bytes = heap.alloc(size);
  String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, bytes, true);
  return bytes;
}
