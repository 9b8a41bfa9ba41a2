/**
 * System calls with a guest's descriptors. Results are ≥ 0 or a negative errno; guest
 * addresses are offsets; descriptors are the host's.
 */
import { asBytes, fileShim } from "./file_library.ts";
import { type Interrupt, interruptPointer } from "./interrupt.ts";
import { type LinearMemory, memoryPointer } from "./memory.ts";

/** A guest's list of ranges, and where the number of bytes goes. */
export interface Vectors {
  /** Where the list stands. */
  readonly iovs: number;
  /** How many there are in it. */
  readonly count: number;
  /** Where the number of bytes goes. */
  readonly out: number;
}

/** Whether to wait, and for how long. */
export interface Waiting {
  /** What ends it early. */
  readonly interrupt: Interrupt;
  /** Whether to. */
  readonly waits: boolean;
}

/** What is done with descriptors. */
export const files = {
  /** close(2) of what this module has handed out. */
  close(fd: number): number {
    return fileShim().shim_file__close(fd);
  },

  /** readv(2) of `count` iovecs at `iovs`; the number of bytes goes to `out` as u32. Of what never blocks. */
  read(fd: number, memory: LinearMemory, iovs: number, count: number, out: number): number {
    return fileShim().shim_file__read(fd, memoryPointer(memory), iovs, count, out);
  },

  /**
   * The same of what may block; with `waits`, until the interrupt: -EINTR, which the next poll of a buffer
   * reports too, or -ERESTART.
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

  /** fstat(2): dev, ino, mode, nlink, size, and nanoseconds of atime, mtime and ctime. */
  stat(fd: number, out: BigUint64Array<ArrayBuffer>): number {
    return fileShim().shim_file__stat(fd, asBytes(out));
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
