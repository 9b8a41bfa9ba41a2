/**
 * System calls with a guest's descriptors. Results are ≥ 0 or a negative errno; guest
 * addresses are offsets; descriptors are the host's.
 */
import { FILE_SYMBOLS, type FileSymbols } from "./file_symbols.ts";
import { type Interrupt, interruptPointer } from "./interrupt.ts";
import { extendShim } from "./library.ts";
import { type LinearMemory, memoryPointer } from "./memory.ts";

/** A guest's list of ranges, and the address of the resulting byte count. */
export interface Vectors {
  /** Address of the list. */
  readonly iovs: number;
  /** Number of ranges. */
  readonly count: number;
  /** Address of the resulting byte count. */
  readonly out: number;
}

/** Blocking mode of a call, and the interrupt that ends it. */
export interface Waiting {
  /** Ends the wait early. */
  readonly interrupt: Interrupt;
  /** True if the call may wait. */
  readonly waits: boolean;
}

/** Operations on descriptors. */
export const files = {
  /** close(2) of a descriptor from this module. */
  close(fd: number): number {
    return fileShim().shim_file__close(fd);
  },

  /** readv(2) of `count` iovecs at `iovs`; writes the number of bytes to `out` as u32. For descriptors that never block. */
  read(fd: number, memory: LinearMemory, iovs: number, count: number, out: number): number {
    return fileShim().shim_file__read(fd, memoryPointer(memory), iovs, count, out);
  },

  /**
   * Like {@linkcode files.read} for descriptors that may block. With `waits` it waits until the
   * interrupt: -EINTR, which the next poll of a buffer reports too, or -ERESTART.
   */
  readWait(
    fd: number,
    memory: LinearMemory,
    { iovs, count, out }: Vectors,
    { interrupt, waits }: Waiting,
  ): number {
    return fileShim().shim_file__read_wait(
      ...[interruptPointer(interrupt), fd, memoryPointer(memory), iovs, count, out] as const,
      waits ? 1 : 0,
    );
  },

  /** preadv(2) */
  pread(fd: number, memory: LinearMemory, { iovs, count, out }: Vectors, offset: bigint): number {
    return fileShim().shim_file__pread(fd, memoryPointer(memory), iovs, count, offset, out);
  },

  /** pwritev(2) */
  pwrite(fd: number, memory: LinearMemory, { iovs, count, out }: Vectors, offset: bigint): number {
    return fileShim().shim_file__pwrite(fd, memoryPointer(memory), iovs, count, offset, out);
  },

  /** fsync(2), or fdatasync(2). */
  sync(fd: number, dataOnly: boolean): number {
    return fileShim().shim_file__sync(fd, dataOnly ? 1 : 0);
  },

  /** posix_fadvise(3) with Linux's numbers. */
  advise(fd: number, range: { offset: bigint; sizeBytes: bigint }, advice: number): number {
    return fileShim().shim_file__advise(fd, range.offset, range.sizeBytes, advice);
  },

  /** fallocate(2) */
  allocate(fd: number, range: { offset: bigint; sizeBytes: bigint }): number {
    return fileShim().shim_file__allocate(fd, range.offset, range.sizeBytes);
  },

  /** ftruncate(2) */
  setSize(fd: number, sizeBytes: bigint): number {
    return fileShim().shim_file__set_size(fd, sizeBytes);
  },

  /**
   * fstat(2).
   *
   * @param out 64 bytes: u64 dev, ino, mode, nlink, size, and nanoseconds of atime, mtime and ctime
   */
  stat(fd: number, out: Uint8Array<ArrayBuffer>): number {
    return fileShim().shim_file__stat(fd, out);
  },

  /** futimens(3): `{ nanoseconds, how }` for access and modification; how is 0 leave, 1 set, 2 now. */
  setTimes(fd: number, times: BigUint64Array<ArrayBuffer>): number {
    return fileShim().shim_file__set_times(fd, asBytes(times));
  },

  /** Sets or clears O_APPEND. */
  setAppend(fd: number, append: boolean): number {
    return fileShim().shim_file__set_append(fd, append ? 1 : 0);
  },
};

/** Functions that a guest calls often when it copies files, or walks through directories. */
const HOT = [
  ...["shim_file__read", "shim_file__pread", "shim_file__pwrite"],
  ...["shim_path__open", "shim_path__stat", "shim_file__stat", "shim_file__close"],
];

let loaded: FileSymbols | undefined;

/** Returns the file functions; the first call loads them. */
export function fileShim(): FileSymbols {
  loaded ??= extendShim(FILE_SYMBOLS, HOT).functions as unknown as FileSymbols;
  return loaded;
}

/** Loads all file functions now, before the caller closes the shim's file. */
export function prepareFiles(): void {
  const { functions, settle } = extendShim(FILE_SYMBOLS, HOT);
  settle();
  loaded = functions as unknown as FileSymbols;
}

/** Returns the bytes of words, for a `uint64_t *` parameter. */
export function asBytes(words: BigUint64Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
