/** System calls for WASI. Results are ≥ 0 or a negative errno; guest addresses are offsets. */
import { type Interrupt, interruptPointer } from "./interrupt.ts";
import { shim } from "./library.ts";
import { type LinearMemory, memoryPointer } from "./memory.ts";

/** Host side of WASI's descriptors, clocks and random bytes. */
export const system = {
  /**
   * Gives this thread its own descriptor table, which makes system calls on them cheaper. Other threads
   * do not see descriptors that it opens afterwards.
   */
  unshareDescriptors(): number {
    return shim().shim_fd__unshare();
  },

  /** writev(2) of `count` ciovecs at `iovs`; the number of bytes goes to `written` as u32. */
  write(fd: number, memory: LinearMemory, iovs: number, count: number, written: number): number {
    return shim().shim_fd__write(fd, memoryPointer(memory), iovs, count, written);
  },

  /** Writes bytes by one write(2); returns how many were written, or a negative errno. */
  put(fd: number, bytes: Uint8Array<ArrayBuffer>): number {
    return shim().shim_fd__put(fd, bytes, bytes.length);
  },

  /**
   * Like {@linkcode system.write} for a guest that may be terminated meanwhile: at most 4096 bytes, and
   * -EINTR after the termination if the descriptor accepts nothing.
   */
  writeSome(
    fd: number,
    memory: LinearMemory,
    iovs: number,
    count: number,
    written: number,
    interrupt: Interrupt,
  ): number {
    return shim().shim_fd__write_some(
      interruptPointer(interrupt),
      fd,
      memoryPointer(memory),
      iovs,
      count,
      written,
    );
  },

  /** Like {@linkcode system.write}, but returns -EAGAIN instead of waiting. */
  writeNow(fd: number, memory: LinearMemory, iovs: number, count: number, written: number): number {
    return shim().shim_fd__write_now(fd, memoryPointer(memory), iovs, count, written);
  },

  /**
   * Like {@linkcode system.write} on a non-blocking descriptor: waits until the interrupt, -EINTR or
   * -ERESTART.
   */
  writeWait(
    fd: number,
    memory: LinearMemory,
    iovs: number,
    count: number,
    written: number,
    interrupt: Interrupt,
  ): number {
    return shim().shim_fd__write_wait(
      interruptPointer(interrupt),
      fd,
      memoryPointer(memory),
      iovs,
      count,
      written,
    );
  },

  /** lseek(2); the new offset goes to `out` as u64. */
  seek(
    fd: number,
    { offset, whence }: { offset: bigint; whence: number },
    memory: LinearMemory,
    out: number,
  ): number {
    return shim().shim_fd__seek(fd, offset, whence, memoryPointer(memory), out);
  },

  /** Returns the bytes that can be read without waiting; 0 if unknown. */
  available(fd: number): bigint {
    return BigInt(shim().shim_fd__available(fd));
  },

  /**
   * ppoll(2) of `fds`, an array of `struct pollfd` whose first is used for the interrupt.
   *
   * @param timeoutNs below 0: without end
   * @returns 1 with events, 0 on time-out; -EINTR and -ERESTART as for
   *   {@linkcode sleep}
   */
  poll(fds: Uint8Array<ArrayBuffer>, timeoutNs: bigint, interrupt: Interrupt): number {
    return shim().shim_fd__poll(interruptPointer(interrupt), fds, fds.length / 8, timeoutNs);
  },

  /** Returns the `S_IFMT` bits of a descriptor's `st_mode`. */
  fileType(fd: number): number {
    return shim().shim_fd__type(fd);
  },

  /** Reports whether a descriptor is a terminal. */
  isTerminal(fd: number): boolean {
    return shim().shim_fd__is_terminal(fd) === 1;
  },

  /** Writes the nanoseconds of a clock to `out` as u64. */
  clockTime(clock: number, memory: LinearMemory, out: number): number {
    return shim().shim_clock__time(clock, memoryPointer(memory), out);
  },

  /** Returns the nanoseconds of a valid clock. */
  clockNow(clock: number): bigint {
    return shim().shim_clock__now(clock);
  },

  /** Writes a clock's resolution in nanoseconds to `out` as u64. */
  clockResolution(clock: number, memory: LinearMemory, out: number): number {
    return shim().shim_clock__resolution(clock, memoryPointer(memory), out);
  },

  /**
   * Sleeps `ns` nanoseconds, or until the clock reaches `ns`; -EINTR if interrupted, which the next poll
   * of a buffer reports too; -ERESTART if attention was requested.
   */
  sleep(clock: number, ns: bigint, absolute: boolean, interrupt: Interrupt): number {
    return shim().shim_clock__sleep(interruptPointer(interrupt), clock, ns, absolute ? 1 : 0);
  },

  /** Returns the resident bytes of this process; `NaN` if unknown. */
  residentBytes(): number {
    const bytes = Number(shim().shim_process__resident_bytes());
    return bytes < 0 ? NaN : bytes;
  },

  /** Fills guest memory with random bytes. */
  random(memory: LinearMemory, offset: number, sizeBytes: number): number {
    return shim().shim_random__fill(memoryPointer(memory), offset, sizeBytes);
  },
};

/** Returns how many more descriptors this process may open; a large number if unknown. */
export function descriptorsLeft(): number {
  const left = shim().shim_process__descriptors_left();
  return left < 0 ? Infinity : left;
}
