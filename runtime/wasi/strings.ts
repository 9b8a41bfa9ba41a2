/** Lists of strings in guest memory, as arguments and environment are handed over. */
import { encodeText } from "../../ffi/mod.ts";
import type { GuestMemory } from "../guest_memory.ts";

/** Each with its NUL. */
export function encodeAll(strings: readonly string[]): Uint8Array[] {
  return strings.map((text) => encodeText(`${text}\0`));
}

/** Writes how many there are, and how many bytes they take. */
export function putSizes(
  memory: GuestMemory,
  list: Uint8Array[],
  count: number,
  size: number,
): number {
  memory.setU32(count, list.length);
  memory.setU32(size, list.reduce((sum, bytes) => sum + bytes.length, 0));
  return 0;
}

/** Writes strings one after the other to `buf`, and their addresses to `pointers`. */
export function putStrings(
  memory: GuestMemory,
  list: Uint8Array[],
  pointers: number,
  buf: number,
): number {
  let at = buf >>> 0;
  list.forEach((bytes, i) => {
    memory.setU32((pointers >>> 0) + i * 4, at);
    memory.write(at, bytes);
    at += bytes.length;
  });
  return 0;
}
