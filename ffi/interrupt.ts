/** Interrupts, which end a guest's waits early; see `struct shim_interrupt` in `libbpf-shim/libbpf-shim.h`. */
import { describeErrno } from "./errno.ts";
import { ShimError } from "./errors.ts";
import { outPointer } from "./c_values.ts";
import { shim } from "./library.ts";
import { type LinearMemory, memoryPointer } from "./memory.ts";

/** Returns the shim's pointer of an interrupt. For `ffi/` only. */
export let interruptPointer: (interrupt: Interrupt) => Deno.PointerValue;

/**
 * Ends the polls and sleeps that use it. Close it after the buffers opened with it.
 *
 * Several threads can hold one: see {@linkcode Interrupt.share}.
 */
export class Interrupt implements Disposable {
  #pointer: Deno.PointerObject | null;

  static {
    interruptPointer = (interrupt) => interrupt.#pointer;
  }

  private constructor(pointer: Deno.PointerObject) {
    this.#pointer = pointer;
  }

  /**
   * Creates an interrupt that is not raised.
   *
   * @throws {ShimError} without free descriptors
   */
  static create(): Interrupt {
    const pointer = outPointer((out) => shim().shim_interrupt__new(out));
    if (typeof pointer === "number") throw noInterrupt(pointer);
    return new Interrupt(pointer);
  }

  /**
   * Adds a reference, which another thread takes with {@linkcode Interrupt.adopt}, exactly once. If that
   * fails, this thread must adopt it, to release it.
   */
  share(): bigint {
    shim().shim_interrupt__retain(this.#pointer);
    return Deno.UnsafePointer.value(this.#pointer);
  }

  /** Takes a reference from {@linkcode Interrupt.share}, in the same process. */
  static adopt(shared: bigint): Interrupt {
    const pointer = Deno.UnsafePointer.create(shared);
    const result = shim().shim_interrupt__adopt(pointer);
    if (pointer === null || result < 0) throw noInterrupt(result);
    return new Interrupt(pointer);
  }

  /** Makes the wait in progress, or else the next one, return -EINTR. */
  raise(): void {
    if (this.#pointer !== null) shim().shim_interrupt__raise(this.#pointer);
  }

  /** Makes the wait in progress, or else the next one, return -ERESTART. */
  attend(): void {
    if (this.#pointer !== null) shim().shim_interrupt__attend(this.#pointer);
  }

  /** Number of requests for attention so far, without those of a {@linkcode Ticker}. */
  get attentions(): number {
    return this.#pointer === null ? 0 : shim().shim_interrupt__attentions(this.#pointer);
  }

  /**
   * Makes one wait return -ERESTART when a descriptor is a pipe or socket whose reader is gone. Before
   * the thread is confined.
   *
   * @returns 0, also for a file, which has no reader to lose; or a negative errno
   */
  watch(descriptor: number): number {
    return shim().shim_interrupt__watch(this.#pointer, descriptor);
  }

  /** Makes every wait from now on return -EINTR. */
  terminate(): void {
    if (this.#pointer !== null) shim().shim_interrupt__terminate(this.#pointer);
  }

  /** Returns the result of a wait without waiting: 0, -EINTR or -ERESTART. */
  take(): number {
    return this.#pointer === null ? 0 : shim().shim_interrupt__take(this.#pointer);
  }

  /**
   * Number of the signal that was reported to the guest and that it ignores; 0 without one. On the
   * guest's thread.
   */
  get ignoredSignal(): number {
    if (this.#pointer === null || shim().shim_interrupt__is_ignored(this.#pointer) === 0) return 0;
    return shim().shim_interrupt__cause(this.#pointer);
  }

  /** Number of the first signal that asked the guest to end, of which SIGALRM is its time; 0 without. */
  get signal(): number {
    return this.#pointer === null ? 0 : shim().shim_interrupt__cause(this.#pointer);
  }

  /**
   * Shows a 32-bit word at `offset`, the start of a page of `memory`, that is 0 while nothing is
   * asked; until {@linkcode Interrupt.hide}.
   *
   * @returns 0, or a negative errno
   */
  show(memory: LinearMemory, offset: number): number {
    return shim().shim_interrupt__show(this.#pointer, memoryPointer(memory), offset);
  }

  /**
   * Shows a 32-bit word at `offset`, the start of a page of the guest's `memory`, that is not 0 while the
   * guest is asked to end. Once, and until the end of the memory.
   *
   * @returns 0, or a negative errno: EINVAL, EBUSY
   */
  showGuest(memory: LinearMemory, offset: number): number {
    return shim().shim_interrupt__show_guest(this.#pointer, memoryPointer(memory), offset);
  }

  /** Replaces a shown word by an empty page. */
  static hide(memory: LinearMemory, offset: number): void {
    shim().shim_interrupt__hide(memoryPointer(memory), offset);
  }

  /** Time spent in waits so far. */
  get waitedMs(): number {
    if (this.#pointer === null) return 0;
    return Number(shim().shim_interrupt__waited_ns(this.#pointer)) / 1e6;
  }

  /** Releases this reference. */
  close(): void {
    shim().shim_interrupt__free(this.#pointer);
    this.#pointer = null;
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** Time limit of a guest. */
export class Deadline implements Disposable {
  #pointer: Deno.PointerObject | null;

  private constructor(pointer: Deno.PointerObject) {
    this.#pointer = pointer;
  }

  /**
   * Starts a thread that stores `value` in the first of `words` after `afterMs`, and terminates the
   * interrupt.
   *
   * @param words must live until the deadline is closed
   */
  static start(
    interrupt: Interrupt,
    { words, value, afterMs }: { words: Int32Array; value: number; afterMs: number },
  ): Deadline {
    const pointer = outPointer((out) =>
      shim().shim_deadline__new(
        interruptPointer(interrupt),
        words as Int32Array<ArrayBuffer>,
        value,
        afterMs,
        out,
      )
    );
    if (typeof pointer === "number") throw noInterrupt(pointer);
    return new Deadline(pointer);
  }

  /** Stops the thread; nothing is stored afterwards. */
  close(): void {
    shim().shim_deadline__free(this.#pointer);
    this.#pointer = null;
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** Regular requests for attention, while a guest blocks its thread. */
export class Ticker implements Disposable {
  #pointer: Deno.PointerObject | null;

  private constructor(pointer: Deno.PointerObject) {
    this.#pointer = pointer;
  }

  /**
   * Starts a thread that requests attention of the interrupt each `periodMs`.
   *
   * @throws {ShimError} without free descriptors or threads
   */
  static start(interrupt: Interrupt, periodMs: number): Ticker {
    const pointer = outPointer((out) =>
      shim().shim_ticker__new(interruptPointer(interrupt), periodMs, out)
    );
    if (typeof pointer === "number") throw noInterrupt(pointer);
    return new Ticker(pointer);
  }

  /** Stops the thread. */
  close(): void {
    shim().shim_ticker__free(this.#pointer);
    this.#pointer = null;
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.close();
  }
}

function noInterrupt(result: number): ShimError {
  return new ShimError(`Cannot create an interrupt: ${describeErrno(result)}`, {
    code: "INTERRUPT",
  });
}

/** Signals of a process that runs one guest; see `libbpf-shim/signals.c`. */
export const signals = {
  /**
   * Makes the first SIGINT or SIGTERM raise `interrupt`; the second ends the process.
   *
   * @returns 0 or a negative errno; -EALREADY if already installed
   */
  install(interrupt: Interrupt): number {
    return shim().shim_signals__install(interruptPointer(interrupt));
  },

  /** Makes a write beyond RLIMIT_FSIZE fail on this thread instead of ending the process. */
  blockFileSize(): number {
    return shim().shim_signals__block_file_size();
  },

  /** Makes SIGUSR1 request attention. */
  attendUsr1(): number {
    return shim().shim_signals__attend_usr1();
  },

  /** Interrupts after `afterMs`; ends the process `graceMs` later with exit code 124. */
  schedule(afterMs: number, graceMs: number): number {
    return shim().shim_signals__schedule(afterMs, graceMs);
  },

  /** Reports whether the time limit ended a load since the last {@linkcode signals.install}. */
  wasLoadCut(): boolean {
    return shim().shim_signals__was_cut() === 1;
  },

  /** Ends the process like the unhandled signal. */
  endBy(number: number): void {
    shim().shim_signals__end_by(number);
  },

  /** Restores the previous handlers. */
  uninstall(): void {
    shim().shim_signals__uninstall();
  },
};
