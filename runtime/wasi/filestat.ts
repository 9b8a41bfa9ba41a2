/** `filestat` and `fstflags` of the specification. */
import type { GuestMemory } from "../guest_memory.ts";

/** Kinds of files. */
export const FileType = {
  Unknown: 0,
  BlockDevice: 1,
  CharacterDevice: 2,
  Directory: 3,
  RegularFile: 4,
  SocketDatagram: 5,
  SocketStream: 6,
  SymbolicLink: 7,
} as const;

/** By the four bits of `S_IFMT`; a pipe has none of the specification's and is unknown. */
const TYPES = new Array<number>(16).fill(FileType.Unknown);
TYPES[0o02] = FileType.CharacterDevice;
TYPES[0o04] = FileType.Directory;
TYPES[0o06] = FileType.BlockDevice;
TYPES[0o10] = FileType.RegularFile;
TYPES[0o12] = FileType.SymbolicLink;
TYPES[0o14] = FileType.SocketStream;

/** The kind of what has this `st_mode`. */
export function fileTypeOf(mode: number): number {
  return TYPES[mode >> 12 & 15] ?? FileType.Unknown;
}

/** Bytes of `files.stat()`. */
export const STAT_BYTES = 64;

/** Offsets in them. */
const MODE = 16;
const LINKS = 24;

const FLAG_ATIM = 1;
const FLAG_ATIM_NOW = 2;
const FLAG_MTIM = 4;
const FLAG_MTIM_NOW = 8;

/**
 * Writes a `filestat`: 64 bytes, or in snapshot 0, whose count of links has 32 bits, 56.
 *
 * @param stat as `files.stat()` fills it: a `filestat`, except the mode
 */
export function putFilestat(
  memory: GuestMemory,
  out: number,
  { stat, isUnstable }: { stat: Uint8Array<ArrayBuffer>; isUnstable: boolean },
): void {
  const at = out >>> 0;
  const to = memory.bytes(at, isUnstable ? 56 : STAT_BYTES);
  const mode = (stat[MODE] ?? 0) | (stat[MODE + 1] ?? 0) << 8;
  if (isUnstable) {
    to.set(stat.subarray(0, LINKS));
    to.set(stat.subarray(LINKS, LINKS + 4), 20);
    to.set(stat.subarray(LINKS + 8), 24);
  } else {
    to.set(stat);
  }
  to.fill(0, MODE, isUnstable ? 20 : LINKS);
  to[MODE] = fileTypeOf(mode);
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
