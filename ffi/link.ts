/** Links, and the output of attached iterators. */
import { outPointer } from "./c_values.ts";
import { type Interrupt, interruptPointer } from "./interrupt.ts";
import { shim } from "./library.ts";
import { type LinearMemory, memoryPointer } from "./memory.ts";

/** Returns the shim's pointer of a link. For `ffi/` only. */
let linkPointer: (link: BpfLink) => Deno.PointerValue;

/** One pass of an iterator program. Close it before the link. */
export class BpfIterator implements Disposable {
  #pointer: Deno.PointerObject | null;

  private constructor(pointer: Deno.PointerObject) {
    this.#pointer = pointer;
  }

  /**
   * Starts a pass.
   *
   * @param interrupt ends reads in which the program prints nothing; close it after the iterator
   * @returns -EINVAL for a link of another program type
   */
  static open(link: BpfLink, interrupt: Interrupt): BpfIterator | number {
    const pointer = outPointer((out) =>
      shim().shim_iterator__open(linkPointer(link), interruptPointer(interrupt), out)
    );
    return typeof pointer === "number" ? pointer : new BpfIterator(pointer);
  }

  /**
   * Runs the program until it has written `sizeBytes` or the pass ends.
   * @returns bytes written at `offset`, 0 at the end, or a negative errno: -EINTR and -ERESTART from the
   *   interrupt; the next read continues
   */
  read(memory: LinearMemory, offset: number, sizeBytes: number): number {
    return shim().shim_iterator__read(this.#pointer, memoryPointer(memory), offset, sizeBytes);
  }

  /** Ends the pass. Further calls do nothing. */
  close(): void {
    shim().shim_iterator__free(this.#pointer);
    this.#pointer = null;
  }

  /** Calls {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** Attached program. `close()` detaches it; further calls do nothing. */
export class BpfLink implements Disposable {
  #pointer: Deno.PointerObject | null;

  static {
    linkPointer = (link) => link.#pointer;
  }

  /** @internal Made by {@linkcode BpfProgram.attach}. */
  constructor(pointer: Deno.PointerObject) {
    this.#pointer = pointer;
  }

  /** Detaches. Further calls do nothing. */
  close(): void {
    shim().shim_link__free(this.#pointer);
    this.#pointer = null;
  }

  /** Calls {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
