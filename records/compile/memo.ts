/** Texts of values that are looked up: names, symbols, flags. */
import { copy } from "../text/digits.ts";

/** Values kept; real fields have far fewer, hostile ones do not grow beyond. */
const MAX_KEPT = 8192;
/** Bytes that one text takes at most. */
export const MAX_MEMO_BYTES = 1024;

const TWO_32 = 0x1_0000_0000;
const encoder = new TextEncoder();

/** Cache from value to written text, for one field and style. */
export class Memo {
  readonly #known = new Map<number | bigint, Uint8Array>();
  readonly #make: (value: bigint) => string;

  /** @param make returns the whole text, escaped and quoted as the style requires */
  constructor(make: (value: bigint) => string) {
    this.#make = make;
  }

  /** Writes the text of a number of at most 53 bits. */
  number(b: Uint8Array, p: number, value: number): number {
    return copy(b, p, this.#known.get(value) ?? this.#add(value, BigInt(value)));
  }

  /** Writes the text of a 64-bit number in two halves. */
  pair(b: Uint8Array, p: number, low: number, high: number, signed: boolean): number {
    if (high < 0x20_0000) return this.number(b, p, high * TWO_32 + low);
    if (signed && high === 0xffff_ffff) return this.number(b, p, low - TWO_32);
    const unsigned = BigInt(high) << 32n | BigInt(low);
    const value = signed ? BigInt.asIntN(64, unsigned) : unsigned;
    return copy(b, p, this.#known.get(value) ?? this.#add(value, value));
  }

  #add(key: number | bigint, value: bigint): Uint8Array {
    if (this.#known.size >= MAX_KEPT) this.#known.clear();
    let bytes = encoder.encode(this.#make(value));
    if (bytes.length > MAX_MEMO_BYTES) bytes = encoder.encode(`${value}`);
    this.#known.set(key, bytes);
    return bytes;
  }
}
