/** `filestat` and `fstflags` of the specification. */
import type { GuestMemory } from "../guest_memory.ts";
import { fileTypeOf } from "./filetype.ts";

/** Words of `files.stat()`. */
export const STAT_WORDS = 8;

const FLAG_ATIM = 1;
const FLAG_ATIM_NOW = 2;
const FLAG_MTIM = 4;
const FLAG_MTIM_NOW = 8;

/**
 * Writes a `filestat`: 64 bytes, or in snapshot 0, whose count of links has 32 bits, 56.
 *
 * @param words as `files.stat()` gives them
 */
export function putFilestat(
  memory: GuestMemory,
  out: number,
  { words, isUnstable }: { words: BigUint64Array; isUnstable: boolean },
): void {
  const [dev = 0n, ino = 0n, mode = 0n, links = 0n, size = 0n, ...times] = words;
  const at = out >>> 0;
  memory.bytes(at, isUnstable ? 56 : 64).fill(0);
  memory.setU64(at, dev);
  memory.setU64(at + 8, ino);
  memory.setU8(at + 16, fileTypeOf(Number(mode)));
  if (isUnstable) memory.setU32(at + 20, Number(BigInt.asUintN(32, links)));
  else memory.setU64(at + 24, links);
  const rest = at + (isUnstable ? 24 : 32);
  [size, ...times].forEach((value, i) => memory.setU64(rest + i * 8, value));
}

/** The words of `files.setTimes()`, or `undefined` for flags that contradict each other. */
export function timesOf(
  atim: bigint,
  mtim: bigint,
  flags: number,
): BigUint64Array<ArrayBuffer> | undefined {
  const [a, m] = [flags & (FLAG_ATIM | FLAG_ATIM_NOW), flags & (FLAG_MTIM | FLAG_MTIM_NOW)];
  const both = a === (FLAG_ATIM | FLAG_ATIM_NOW) || m === (FLAG_MTIM | FLAG_MTIM_NOW);
  if (both || (flags & 0xffff & ~(a | m)) !== 0) return undefined;
  // 1 sets the given time, 2 sets the current time: as in the flags, shifted down.
  return BigUint64Array.of(
    BigInt.asUintN(64, atim),
    BigInt(a),
    BigInt.asUintN(64, mtim),
    BigInt(m >> 2),
  );
}
