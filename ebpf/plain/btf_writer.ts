/** Writes BTF of types that come from elsewhere: a declaration on the command line, or DWARF. */
import { Btf } from "../btf/btf.ts";
import { Kind } from "../btf/btf_types.ts";
import { Sizes } from "../btf/layout.ts";

const MAGIC = 0xeb9f;
const HEADER_BYTES = 24;
const SIGNED = 1, CHAR = 2, BOOL = 4;
/** The kernel's BTF_MAX_VLEN. */
const MAX_MEMBERS = 0xffff;

/** A member to write. */
export interface NewMember {
  readonly name: string;
  readonly type: number;
  readonly bitOffset: number;
  /** Bits of a bit-field. */
  readonly bits?: number;
}

/** Collects types; each call returns the id of its type. */
export class BtfWriter {
  readonly #words: number[] = [];
  readonly #names: number[] = [0];
  readonly #known = new Map<string, number>();
  #count = 0;

  /** Adds an integer. */
  int(name: string, bytes: number, kind: "signed" | "unsigned" | "char" | "bool"): number {
    const encoding = { "signed": SIGNED, "unsigned": 0, "char": CHAR, "bool": BOOL }[kind];
    const info = encoding << 24 | bytes * 8;
    return this.#once(
      `int ${name} ${bytes} ${kind}`,
      () => this.#add(name, Kind.Int, 0, bytes, [info]),
    );
  }

  /** Adds a floating-point number. */
  float(name: string, bytes: number): number {
    return this.#once(`float ${name} ${bytes}`, () => this.#add(name, Kind.Float, 0, bytes, []));
  }

  /** Adds a pointer to `type`, 0 for void. */
  pointer(type = 0): number {
    return this.#once(`pointer ${type}`, () => this.#add("", Kind.Ptr, 0, type, []));
  }

  /** Adds an array. */
  array(type: number, length: number): number {
    const index = this.int("__ARRAY_SIZE_TYPE__", 4, "unsigned");
    return this.#add("", Kind.Array, 0, 0, [type, index, length]);
  }

  /** Adds a typedef. */
  typedef(name: string, type: number): number {
    return this.#add(name, Kind.Typedef, 0, type, []);
  }

  /** Adds a struct or union. */
  record(kind: "struct" | "union", name: string, bytes: number, members: NewMember[]): number {
    const used = members.slice(0, MAX_MEMBERS);
    const hasBits = used.some(({ bits }) => bits !== undefined);
    const tail = used.flatMap(({ name, type, bitOffset, bits = 0 }) => [
      this.#name(name),
      type,
      hasBits ? bits << 24 | bitOffset & 0xffffff : bitOffset,
    ]);
    const number = kind === "struct" ? Kind.Struct : Kind.Union;
    return this.#add(name, number, used.length, bytes, tail, hasBits);
  }

  /** Adds an enumeration. */
  enumeration(
    name: string,
    bytes: number,
    values: readonly { name: string; value: bigint }[],
  ): number {
    const used = values.slice(0, MAX_MEMBERS);
    const isSigned = used.some(({ value }) => value < 0n);
    if (bytes > 4) {
      const tail = used.flatMap(({ name, value }) => [
        this.#name(name),
        Number(BigInt.asUintN(32, value)),
        Number(BigInt.asUintN(32, value >> 32n)),
      ]);
      return this.#add(name, Kind.Enum64, used.length, bytes, tail, isSigned);
    }
    const tail = used.flatMap(({ name, value }) => [
      this.#name(name),
      Number(BigInt.asUintN(32, value)),
    ]);
    return this.#add(name, Kind.Enum, used.length, bytes, tail, isSigned);
  }

  /** Returns the types. */
  finish(): Btf {
    const names = Uint8Array.from(this.#names);
    const bytes = new Uint8Array(HEADER_BYTES + this.#words.length * 4 + names.length);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, MAGIC, true);
    view.setUint8(2, 1);
    view.setUint32(4, HEADER_BYTES, true);
    view.setUint32(12, this.#words.length * 4, true);
    view.setUint32(16, this.#words.length * 4, true);
    view.setUint32(20, names.length, true);
    this.#words.forEach((word, i) => view.setUint32(HEADER_BYTES + i * 4, word >>> 0, true));
    bytes.set(names, HEADER_BYTES + this.#words.length * 4);
    return new Btf(bytes);
  }

  #once(key: string, make: () => number): number {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const id = make();
    this.#known.set(key, id);
    return id;
  }

  #add(
    name: string,
    kind: number,
    vlen: number,
    sizeOrType: number,
    tail: readonly number[],
    flag = false,
  ): number {
    const info = ((flag ? 1 : 0) << 31 | kind << 24 | vlen) >>> 0;
    this.#words.push(this.#name(name), info, sizeOrType, ...tail);
    return ++this.#count;
  }

  #name(name: string): number {
    if (name === "") return 0;
    const at = this.#names.length;
    for (const byte of new TextEncoder().encode(name.slice(0, 127))) this.#names.push(byte);
    this.#names.push(0);
    return at;
  }
}

/**
 * Adds a struct of existing types to BTF.
 *
 * @param bytes of the BTF
 * @param members by offset in bytes, in order
 * @returns undefined for members that overlap
 */
export function withStruct(
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
  members: readonly { name: string; offset: number; type: number }[],
): { btf: Btf; id: number } | undefined {
  const old = new Btf(bytes);
  const sizes = new Sizes(old);
  let end = 0;
  for (const { offset, type } of members) {
    if (offset < end) return undefined;
    end = offset + sizes.of(type);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = view.getUint32(4, true);
  const part = (at: number) => {
    const start = header + view.getUint32(at, true);
    return bytes.subarray(start, start + view.getUint32(at + 4, true));
  };
  const types = part(8);
  const names = [...part(16)];
  const nameAt = (text: string) => {
    const at = names.length;
    names.push(...new TextEncoder().encode(text.slice(0, 127)), 0);
    return at;
  };
  const words = [
    ...[nameAt(name), Kind.Struct << 24 | members.length, end],
    ...members.flatMap((member) => [nameAt(member.name), member.type, member.offset * 8]),
  ];
  const typesBytes = types.length + words.length * 4;
  const result = new Uint8Array(HEADER_BYTES + typesBytes + names.length);
  const target = new DataView(result.buffer);
  target.setUint16(0, MAGIC, true);
  target.setUint8(2, 1);
  [HEADER_BYTES, 0, typesBytes, typesBytes, names.length]
    .forEach((word, i) => target.setUint32(4 + i * 4, word, true));
  result.set(types, HEADER_BYTES);
  words.forEach((word, i) =>
    target.setUint32(HEADER_BYTES + types.length + i * 4, word >>> 0, true)
  );
  result.set(names, HEADER_BYTES + typesBytes);
  return { btf: new Btf(result), id: old.count };
}
