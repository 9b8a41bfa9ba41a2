/** Growable byte buffer. */
import { concat } from "../ffi/bytes.ts";

/** Bytes of the first block. Each further block doubles the total, up to the maximum. */
const FIRST_BLOCK_BYTES = 2 ** 14;
const MAX_BLOCK_BYTES = 2 ** 22;

/**
 * Growable byte buffer that copies its input. A chunk may be one byte of a large buffer: keeping such
 * chunks would let a hostile sender use far more memory than it sends.
 */
export class Collector {
  readonly #full: Uint8Array[] = [];
  #block = new Uint8Array(0);
  #used = 0;
  #size = 0;

  /** Number of bytes added. */
  get size(): number {
    return this.#size;
  }

  /** Appends a copy of the bytes. The caller may reuse them afterwards. */
  add(bytes: Uint8Array): void {
    for (let left = bytes; left.length > 0;) {
      if (this.#used === this.#block.length) this.#begin();
      const part = left.subarray(0, this.#block.length - this.#used);
      this.#block.set(part, this.#used);
      this.#used += part.length;
      this.#size += part.length;
      left = left.subarray(part.length);
    }
  }

  #begin(): void {
    if (this.#used > 0) this.#full.push(this.#block);
    const size = Math.min(Math.max(this.#size, FIRST_BLOCK_BYTES), MAX_BLOCK_BYTES);
    this.#block = new Uint8Array(size);
    this.#used = 0;
  }

  /** Returns all bytes in a new array. */
  bytes(): Uint8Array<ArrayBuffer> {
    return concat([...this.#full, this.#block.subarray(0, this.#used)]);
  }
}
