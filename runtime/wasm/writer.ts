/** Writes WebAssembly's binary format. */

/** Bytes that grow. */
export class Writer {
  #bytes: Uint8Array<ArrayBuffer>;
  #used = 0;

  /** @param expected bytes, so that little is copied */
  constructor(expected = 64) {
    this.#bytes = new Uint8Array(expected);
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#used);
  }

  #reserve(count: number): void {
    if (this.#used + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#used + count));
    larger.set(this.bytes);
    this.#bytes = larger;
  }

  /** Numbers below 256, or a part of other bytes. */
  put(bytes: ArrayLike<number>): this {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#used);
    this.#used += bytes.length;
    return this;
  }

  u32(value: number): this {
    return this.put(leb(value));
  }

  /** The size in front. */
  sized(bytes: Uint8Array): this {
    return this.u32(bytes.length).put(bytes);
  }

  name(text: string): this {
    return this.sized(new TextEncoder().encode(text));
  }
}

/** An unsigned number as LEB128. */
export function leb(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  do {
    const rest = left % 128;
    left = Math.floor(left / 128);
    bytes.push(left > 0 ? rest | 0x80 : rest);
  } while (left > 0);
  return bytes;
}
