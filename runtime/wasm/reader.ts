/** Reads WebAssembly's binary format; nothing is believed about the bytes. */

/** Error for bytes that are not a module, or use unsupported features. */
export class WasmSyntaxError extends Error {
  override name = "WasmSyntaxError";
}

/** Bytes of a name that goes without a decoder: a call has room for that many arguments. */
const MAX_PLAIN_NAME = 256;

/** A cursor over bytes. Every read checks the end; numbers are LEB128 as the specification limits it. */
export class Reader {
  readonly bytes: Uint8Array;
  /** Of the next byte. */
  at: number;
  readonly end: number;

  constructor(bytes: Uint8Array, at = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get isAtEnd(): boolean {
    return this.at >= this.end;
  }

  u8(): number {
    const byte = this.at < this.end ? this.bytes[this.at] : undefined;
    if (byte === undefined) throw new WasmSyntaxError(`unexpected end at ${this.at}`);
    this.at += 1;
    return byte;
  }

  u32(): number {
    let value = 0;
    for (let shift = 1; shift <= 2 ** 28; shift *= 128) {
      const byte = this.u8();
      value += (byte & 0x7f) * shift;
      if (byte < 0x80 && value <= 0xffff_ffff) return value;
    }
    throw new WasmSyntaxError(`number too long before ${this.at}`);
  }

  s32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return shift < 28 && byte >= 0x40 ? value | -1 << (shift + 7) : value;
    }
    throw new WasmSyntaxError(`number too long before ${this.at}`);
  }

  u64(): bigint {
    let value = 0n;
    for (let shift = 0n; shift <= 63n; shift += 7n) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80 && value < 1n << 64n) return value;
    }
    throw new WasmSyntaxError(`number too long before ${this.at}`);
  }

  /** Passes over a number of at most 64 bits, signed or not. */
  skipLeb(): void {
    for (let i = 0; i < 10; i++) {
      if (this.u8() < 0x80) return;
    }
    throw new WasmSyntaxError(`number too long before ${this.at}`);
  }

  /** Passes over `count` bytes. */
  skip(count: number): void {
    if (count > this.end - this.at) throw new WasmSyntaxError(`unexpected end after ${this.at}`);
    this.at += count;
  }

  /** Returns a reader of the next bytes, and continues after them. */
  part(count: number): Reader {
    const start = this.at;
    this.skip(count);
    return new Reader(this.bytes, start, this.at);
  }

  name(): string {
    const { at, end } = this.part(this.u32());
    const bytes = this.bytes.subarray(at, end);
    // Ten times cheaper than a decoder, and names are hardly ever anything else.
    return bytes.length <= MAX_PLAIN_NAME && bytes.every((byte) => byte < 0x80)
      ? String.fromCharCode(...bytes)
      : new TextDecoder().decode(bytes);
  }

  /** Calls `read` as often as the leading count states. */
  each(read: (index: number) => void): void {
    const count = this.u32();
    // No entry is shorter than a byte: a made-up count ends here, not after hours.
    if (count > this.end - this.at) throw new WasmSyntaxError(`unexpected end after ${this.at}`);
    for (let i = 0; i < count; i++) read(i);
  }
}

/** Numbers of the sections that are looked into. */
export const Section = {
  Custom: 0,
  Type: 1,
  Import: 2,
  Function: 3,
  Table: 4,
  Memory: 5,
  Global: 6,
  Export: 7,
  Start: 8,
  Element: 9,
  Code: 10,
  Data: 11,
  Tag: 13,
} as const;

/** Section of a module. */
export interface SectionBytes {
  readonly id: number;
  /** Start of its content, after the size. */
  readonly start: number;
  readonly end: number;
}

const HEADER_BYTES = 8;

/** The sections of a core module, in their order. */
export function readSections(bytes: Uint8Array): SectionBytes[] {
  const reader = new Reader(bytes);
  reader.skip(HEADER_BYTES);
  const sections: SectionBytes[] = [];
  while (!reader.isAtEnd) {
    const id = reader.u8();
    const { at: start, end } = reader.part(reader.u32());
    sections.push({ id, start, end });
  }
  return sections;
}

/** Returns a reader of the first section with this number; an empty one if not found. */
export function sectionReader(
  bytes: Uint8Array,
  sections: readonly SectionBytes[],
  id: number,
): Reader | undefined {
  const section = sections.find((other) => other.id === id);
  return section && new Reader(bytes, section.start, section.end);
}
