/** System calls behind WASI. Results are ≥ 0 or a negative errno; guest addresses are offsets. */
import { shim } from "./library.ts";
import { type Interrupt, interruptPointer } from "./interrupt.ts";
import { type LinearMemory, memoryPointer } from "./memory.ts";

/** The host side of WASI's descriptors, clocks and random bytes. */
export const system = {
  /**
   * Gives this thread a table of descriptors of its own, which makes system calls on them cheaper.
   * Other threads do not see what it opens from now on: for a thread that does everything itself.
   */
  unshareDescriptors(): number {
    return shim().shim_fd__unshare();
  },

  /** writev(2) of `count` ciovecs at `iovs`; the number of bytes goes to `written` as u32. */
  write(fd: number, memory: LinearMemory, iovs: number, count: number, written: number): number {
    return shim().shim_fd__write(fd, memoryPointer(memory), iovs, count, written);
  },

  /**
   * The same for a guest that may be terminated meanwhile: at most 4096 bytes, and -EINTR once it is
   * and the descriptor takes nothing.
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

  /** The same, but -EAGAIN where it would have to wait. */
  writeNow(fd: number, memory: LinearMemory, iovs: number, count: number, written: number): number {
    return shim().shim_fd__write_now(fd, memoryPointer(memory), iovs, count, written);
  },

  /** The same of a non-blocking descriptor: waits until the interrupt, -EINTR or -ERESTART. */
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

  /** Bytes that can be read without waiting, as far as the kernel tells; else 0. */
  available(fd: number): bigint {
    return BigInt(shim().shim_fd__available(fd));
  },

  /**
   * ppoll(2) of `fds`, an array of `struct pollfd` whose first is used for the interrupt.
   *
   * @param timeoutNs below 0: without end
   * @returns 1 when there are events, 0 when the time is over; -EINTR and -ERESTART as for
   *   {@linkcode sleep}
   */
  poll(fds: Uint8Array<ArrayBuffer>, timeoutNs: bigint, interrupt: Interrupt): number {
    return shim().shim_fd__poll(interruptPointer(interrupt), fds, fds.length / 8, timeoutNs);
  },

  /** The `S_IFMT` bits of a descriptor's `st_mode`. */
  fileType(fd: number): number {
    return shim().shim_fd__type(fd);
  },

  /** Whether a descriptor is a terminal. */
  isTerminal(fd: number): boolean {
    return shim().shim_fd__is_terminal(fd) === 1;
  },

  /** Nanoseconds of a clock to `out` as u64. */
  clockTime(clock: number, memory: LinearMemory, out: number): number {
    return shim().shim_clock__time(clock, memoryPointer(memory), out);
  },

  /** Nanoseconds of a clock that there is. */
  clockNow(clock: number): bigint {
    return BigInt(shim().shim_clock__now(clock));
  },

  /** A clock's resolution in nanoseconds to `out` as u64. */
  clockResolution(clock: number, memory: LinearMemory, out: number): number {
    return shim().shim_clock__resolution(clock, memoryPointer(memory), out);
  },

  /**
   * Sleeps `ns` nanoseconds, or until the clock shows `ns`; -EINTR when interrupted, which the next
   * poll of a buffer reports too; -ERESTART when attention was asked for.
   */
  sleep(clock: number, ns: bigint, absolute: boolean, interrupt: Interrupt): number {
    return shim().shim_clock__sleep(interruptPointer(interrupt), clock, ns, absolute ? 1 : 0);
  },

  /** Bytes of this process's memory that are in RAM; `NaN` where the kernel does not tell. */
  residentBytes(): number {
    const bytes = Number(shim().shim_process__resident_bytes());
    return bytes < 0 ? NaN : bytes;
  },

  /** Fills guest memory with random bytes. */
  random(memory: LinearMemory, offset: number, sizeBytes: number): number {
    return shim().shim_random__fill(memoryPointer(memory), offset, sizeBytes);
  },
};
