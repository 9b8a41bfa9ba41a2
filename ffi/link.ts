/** What is attached, and what attached iterators print. */
import { outPointer } from "./c_values.ts";
import { type Interrupt, interruptPointer } from "./interrupt.ts";
import { shim } from "./library.ts";
import { type LinearMemory, memoryPointer } from "./memory.ts";

/** The shim's side of a link. For `ffi/` only. */
let linkPointer: (link: BpfLink) => Deno.PointerValue;

/** One pass of an iterator program over what it visits. `close()` before the link's. */
export class BpfIterator implements Disposable {
  #pointer: Deno.PointerObject | null;

  private constructor(pointer: Deno.PointerObject) {
    this.#pointer = pointer;
  }

  /**
   * Starts a pass.
   *
   * @param interrupt ends reads in which the program says nothing; to be closed after the iterator
   * @returns -EINVAL for a link that is none of an iterator
   */
  static open(link: BpfLink, interrupt: Interrupt): BpfIterator | number {
    const pointer = outPointer((out) =>
      shim().shim_iterator__open(linkPointer(link), interruptPointer(interrupt), out)
    );
    return typeof pointer === "number" ? pointer : new BpfIterator(pointer);
  }

  /**
   * Runs the program until it has written `sizeBytes`, or the pass is over.
   *
   * @returns bytes written at `offset`, 0 at the end, or a negative errno: -EINTR and -ERESTART as the
   *   interrupt says, and the next read goes on
   */
  read(memory: LinearMemory, offset: number, sizeBytes: number): number {
    return shim().shim_iterator__read(this.#pointer, memoryPointer(memory), offset, sizeBytes);
  }

  /** Ends the pass. Again does nothing. */
  close(): void {
    shim().shim_iterator__free(this.#pointer);
    this.#pointer = null;
  }

  /** The same as {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** A program attached somewhere. `close()` detaches it; again does nothing. */
export class BpfLink implements Disposable {
  #pointer: Deno.PointerObject | null;

  static {
    linkPointer = (link) => link.#pointer;
  }

  /** @internal Made by {@linkcode BpfProgram.attach}. */
  constructor(pointer: Deno.PointerObject) {
    this.#pointer = pointer;
  }

  /** Detaches. Again does nothing. */
  close(): void {
    shim().shim_link__free(this.#pointer);
    this.#pointer = null;
  }

  /** The same as {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
