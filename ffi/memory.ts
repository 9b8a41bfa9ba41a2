/** A `WebAssembly.Memory` that C may read and write by offset. */
import { outPointer } from "./c_values.ts";
import { shim } from "./library.ts";
import { describeErrno } from "./errno.ts";
import { ShimError } from "./errors.ts";

/** The shim's side of a memory, up to date with its growth. For `ffi/` only. */
export let memoryPointer: (memory: LinearMemory) => Deno.PointerObject;

/**
 * A linear memory, known to the shim by base and length.
 *
 * The length is checked at every use: growing detaches the old `ArrayBuffer`, which shows as a
 * length of 0. Free it with `close()`; the `WebAssembly.Memory` itself is the caller's.
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

  /** Makes a memory, which must not be shared, known to the shim. It may grow at any time. */
  constructor(memory: WebAssembly.Memory) {
    const pointer = outPointer((out) => shim().shim_memory__new(out));
    if (typeof pointer === "number") {
      throw new ShimError(`Cannot allocate: ${describeErrno(pointer)}`, { code: "ENOMEM" });
    }
    this.#memory = memory;
    this.#pointer = pointer;
    this.#bind();
  }

  /** All bytes, as of now; not to be kept across anything that can grow the memory. */
  get bytes(): Uint8Array<ArrayBuffer> {
    if (this.#bytes.length > 0) return this.#bytes;
    if (this.#closed) return this.#now();
    this.#bind();
    return this.#bytes;
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

  /** Forgets where the memory is: C may no longer use it, JavaScript may. Again does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // Any use from here on looks at the length, and then at the rest.
    this.#bytes = new Uint8Array();
    shim().shim_memory__free(this.#pointer);
  }

  /** The same as {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
