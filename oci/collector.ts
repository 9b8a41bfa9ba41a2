/** Gathers bytes of which nobody knows how many there will be. */

/** The first block has so many bytes, each further one as many as there are by then, up to a limit. */
const FIRST_BLOCK_BYTES = 2 ** 14;
const MAX_BLOCK_BYTES = 2 ** 22;

/**
 * Copies what it is given, so that memory goes by the number of bytes: a chunk may be one byte of a
 * large buffer, and a sender who means harm sends many of those.
 */
export class Collector {
  readonly #full: Uint8Array[] = [];
  #block = new Uint8Array(0);
  #used = 0;
  #size = 0;

  /** How many bytes there are. */
  get size(): number {
    return this.#size;
  }

  /** Takes the bytes; they may be used again when this returns. */
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

  /** All of them, in an array of their own. */
  bytes(): Uint8Array<ArrayBuffer> {
    const whole = new Uint8Array(this.#size);
    let at = 0;
    for (const block of [...this.#full, this.#block.subarray(0, this.#used)]) {
      whole.set(block, at);
      at += block.length;
    }
    return whole;
  }
}
