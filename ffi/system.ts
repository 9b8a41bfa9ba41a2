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
