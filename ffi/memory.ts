/** `WebAssembly.Memory` that C reads and writes by offset. */
import { outPointer } from "./c_values.ts";
import { shim } from "./library.ts";
import { describeErrno } from "./errno.ts";
import { ShimError } from "./errors.ts";

/** Returns the shim's pointer of a memory, updated after growth. For `ffi/` only. */
export let memoryPointer: (memory: LinearMemory) => Deno.PointerObject;

/**
 * Linear memory that is registered in the shim by base and length.
 *
 * The length is checked at every use: growing detaches the old `ArrayBuffer`, whose length
 * becomes 0. Free it with `close()`; the caller owns the `WebAssembly.Memory` itself.
 */
export class LinearMemory implements Disposable {
  readonly #memory: WebAssembly.Memory;
  readonly #pointer: Deno.PointerObject;
  #bytes = new Uint8Array();
  #closed = false;

  static {
    memoryPointer = (memory) => {
      if (memory.#bytes.length === 0) memory.#bind();
      return memory.#pointer;
    };
  }

  /** Registers a memory, which must not be shared. It may grow at any time. */
  constructor(memory: WebAssembly.Memory) {
    const pointer = outPointer((out) => shim().shim_memory__new(out));
    if (typeof pointer === "number") {
      throw new ShimError(`Cannot register a guest's memory: ${describeErrno(pointer)}`, {
        code: "ENOMEM",
      });
    }
    this.#memory = memory;
    this.#pointer = pointer;
    this.#bind();
  }

  /** All current bytes; the array is invalid after the memory grows. */
  get bytes(): Uint8Array<ArrayBuffer> {
    if (this.#bytes.length > 0) return this.#bytes;
    if (this.#closed) return this.#now();
    this.#bind();
    return this.#bytes;
  }

  /**
   * Grows the memory by 64 KiB pages.
   *
   * @throws {RangeError} beyond its maximum
   */
  grow(pages: number): void {
    this.#memory.grow(pages);
    this.#bind();
  }

  #now(): Uint8Array<ArrayBuffer> {
    // Not shared: modules with threads are refused (runtime/module.ts).
    return new Uint8Array(this.#memory.buffer as ArrayBuffer);
  }

  #bind(): void {
    if (this.#closed) {
      throw new ShimError("Cannot use a guest's memory: it is closed", { code: "MEMORY_CLOSED" });
    }
    this.#bytes = this.#now();
    shim().shim_memory__bind(this.#pointer, this.#bytes, BigInt(this.#bytes.length));
  }

  /** Unregisters the memory: C must not use it any more, JavaScript may. Further calls do nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // Every later use checks the length first.
    this.#bytes = new Uint8Array();
    shim().shim_memory__free(this.#pointer);
  }

  /** Calls {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
