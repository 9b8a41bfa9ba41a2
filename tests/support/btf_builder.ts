/** Hand-made BTF that no compiler emits. */
import { Kind } from "../../ebpf/btf/btf_types.ts";

/** Member of a struct; `bits` makes it a bit-field. */
export interface MemberSpec {
  name: string;
  type: number;
  bitOffset: number;
  bits?: number;
}

/** Collects types; each call returns the ID of its type. */
export class BtfBuilder {
  readonly #types: number[] = [];
  readonly #strings: number[] = [0];
  #count = 0;

  string(text: string): number {
    if (text === "") return 0;
    const at = this.#strings.length;
    this.#strings.push(...new TextEncoder().encode(text), 0);
    return at;
  }

  /** Adds a type of any kind, with 32-bit words after the first three. */
  raw(
    { name = "", kind, vlen = 0, flag = false, word = 0 }: {
      name?: string;
      kind: number;
      vlen?: number;
      flag?: boolean;
      /** Size, or ID of another type. */
      word?: number;
    },
    ...tail: number[]
  ): number {
    const info = (kind << 24 | vlen | (flag ? 1 << 31 : 0)) >>> 0;
    this.#types.push(this.string(name), info, word, ...tail);
    return ++this.#count;
  }

  int(name: string, bytes: number, encoding = 0): number {
    return this.raw({ name, kind: Kind.Int, word: bytes }, encoding << 24 | bytes * 8);
  }

  pointer(to: number): number {
    return this.raw({ kind: Kind.Ptr, word: to });
  }

  array(of: number, length: number): number {
    return this.raw({ kind: Kind.Array }, of, of, length);
  }

  typedef(name: string, of: number): number {
    return this.raw({ name, kind: Kind.Typedef, word: of });
  }

  record(name: string, bytes: number, members: MemberSpec[], kind: number = Kind.Struct): number {
    const flag = members.some(({ bits }) => bits !== undefined);
    const tail = members.flatMap(({ name, type, bitOffset, bits = 0 }) => [
      this.string(name),
      type,
      flag ? (bits << 24 | bitOffset) >>> 0 : bitOffset,
    ]);
    return this.raw({ name, kind, vlen: members.length, flag, word: bytes }, ...tail);
  }

  /** Returns raw BTF. */
  bytes(): Uint8Array<ArrayBuffer> {
    const [types, strings] = [this.#types.length * 4, this.#strings.length];
    const bytes = new Uint8Array(24 + types + strings);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, 0xeb9f, true);
    view.setUint8(2, 1);
    [24, 0, types, types, strings].forEach((word, i) => view.setUint32(4 + i * 4, word, true));
    this.#types.forEach((word, i) => view.setUint32(24 + i * 4, word, true));
    bytes.set(this.#strings, 24 + types);
    return bytes;
  }
}
