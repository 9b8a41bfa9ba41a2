/** Reading position in a section of DWARF. */
import { ElfError } from "../btf/errors.ts";

const decoder = new TextDecoder();

/** Position in a section; reads past its end throw. */
export class Cursor {
  readonly #view: DataView;
  readonly bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array, at = 0) {
    // Offsets of 64 bits, and indexes that were read as signed, are outside of every section.
    if (!(at >= 0 && at <= bytes.length)) throw damaged("it is cut off");
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }

  u8(): number {
    return this.#number(1, (at) => this.#view.getUint8(at));
  }
  u16(): number {
    return this.#number(2, (at) => this.#view.getUint16(at, true));
  }
  u24(): number {
    return this.u16() | this.u8() << 16;
  }
  u32(): number {
    return this.#number(4, (at) => this.#view.getUint32(at, true));
  }
  u64(): number {
    return this.#number(8, (at) => Number(this.#view.getBigUint64(at, true)));
  }

  #number(size: number, read: (at: number) => number): number {
    const { at } = this;
    this.skip(size);
    return read(at);
  }

  skip(size: number): void {
    if (!(size >= 0 && this.at + size <= this.bytes.length)) throw damaged("it is cut off");
    this.at += size;
  }

  uleb(): number {
    let value = 0, factor = 1;
    for (let i = 0; i < 10; i++, factor *= 128) {
      const byte = this.u8();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw damaged("a number has no end");
  }

  sleb(): number {
    let value = 0, factor = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.u8();
      value += (byte & 0x7f) * factor;
      factor *= 128;
      if (byte < 0x80) return byte & 0x40 ? value - factor : value;
    }
    throw damaged("a number has no end");
  }

  text(): string {
    const end = this.bytes.indexOf(0, this.at);
    if (end < 0 || end - this.at > 4096) throw damaged("a name has no end");
    const text = decoder.decode(this.bytes.subarray(this.at, end));
    this.at = end + 1;
    return text;
  }
}

export function damaged(reason: string): ElfError {
  return new ElfError(`its DWARF is damaged: ${reason}`, { code: "BAD_DWARF" });
}
