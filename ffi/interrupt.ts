/** What ends a guest's waits early; see `struct shim_interrupt` in `libbpf-shim/libbpf-shim.h`. */
import { describeErrno } from "./errno.ts";
import { ShimError } from "./errors.ts";
import { outPointer } from "./c_values.ts";
import { shim } from "./library.ts";
import { type LinearMemory, memoryPointer } from "./memory.ts";

/** The shim's side of an interrupt. For `ffi/` only. */
export let interruptPointer: (interrupt: Interrupt) => Deno.PointerValue;

/**
 * Ends the polls and sleeps that are given it. `close()` it after the buffers opened with it.
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
   * A new one, that nothing was asked of yet.
   *
   * @throws {ShimError} when there are no descriptors left
   */
  static create(): Interrupt {
    const pointer = outPointer((out) => shim().shim_interrupt__new(out));
    if (typeof pointer === "number") throw noInterrupt(pointer);
    return new Interrupt(pointer);
  }

  /**
   * Makes one more holder, whose part another thread takes with {@linkcode Interrupt.adopt}, once; or
   * else this thread, so that nothing is left.
   */
  share(): bigint {
    shim().shim_interrupt__retain(this.#pointer);
    return Deno.UnsafePointer.value(this.#pointer);
  }

  /** Takes what {@linkcode Interrupt.share} gave, in the same process. */
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

  /** Makes every wait from now on return -EINTR. */
  terminate(): void {
    if (this.#pointer !== null) shim().shim_interrupt__terminate(this.#pointer);
  }

  /** Returns what a wait would, without waiting: 0, -EINTR or -ERESTART. */
  take(): number {
    return this.#pointer === null ? 0 : shim().shim_interrupt__take(this.#pointer);
  }

  /**
   * Number of the signal that the guest was told of and takes no notice of; 0 while there is none. On
   * the guest's thread.
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

  /** Puts an empty page where a word was shown. */
  static hide(memory: LinearMemory, offset: number): void {
    shim().shim_interrupt__hide(memoryPointer(memory), offset);
  }

  /** Time spent in waits so far. */
  get waitedMs(): number {
    if (this.#pointer === null) return 0;
    return Number(shim().shim_interrupt__waited_ns(this.#pointer)) / 1e6;
  }

  /** Gives this holder's part back. */
  close(): void {
    shim().shim_interrupt__free(this.#pointer);
    this.#pointer = null;
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** The end of a guest's time. */
export class Deadline implements Disposable {
  #pointer: Deno.PointerObject | null;

  private constructor(pointer: Deno.PointerObject) {
    this.#pointer = pointer;
  }

  /**
   * Stores `value` in the first of `words` after `afterMs`, and terminates the interrupt; from a thread
   * of its own.
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

  /** Nothing is stored any more behind it. */
  close(): void {
    shim().shim_deadline__free(this.#pointer);
    this.#pointer = null;
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.close();
  }
}

function noInterrupt(result: number): ShimError {
  return new ShimError(`Cannot make an interrupt: ${describeErrno(result)}`, { code: "INTERRUPT" });
}

/** Signals of a process whose main job is one guest; see `libbpf-shim/signals.c`. */
export const signals = {
  /**
   * Makes the first SIGINT or SIGTERM raise `interrupt`; the second ends the process.
   *
   * @returns 0 or a negative errno; -EALREADY when installed
   */
  install(interrupt: Interrupt): number {
    return shim().shim_signals__install(interruptPointer(interrupt));
  },

  /** Keeps a write of this thread's beyond what a file may have from ending the process: it fails. */
  blockFileSize(): number {
    return shim().shim_signals__block_file_size();
  },

  /** Makes SIGUSR1 ask for attention. */
  attendUsr1(): number {
    return shim().shim_signals__attend_usr1();
  },

  /** Interrupts after `afterMs`; ends the process `graceMs` later with exit code 124. */
  schedule(afterMs: number, graceMs: number): number {
    return shim().shim_signals__schedule(afterMs, graceMs);
  },

  /** Whether the end of the time limit cut a load short, since the last {@linkcode signals.install}. */
  wasLoadCut(): boolean {
    return shim().shim_signals__was_cut() === 1;
  },

  /** Ends the process as the signal would if it were not handled. */
  endBy(number: number): void {
    shim().shim_signals__end_by(number);
  },

  /** Puts the former handlers back. */
  uninstall(): void {
    shim().shim_signals__uninstall();
  },
};
