/** From BTF to the model that emitters take. */
import {
  type Btf,
  type BtfMember,
  type BtfType,
  MAX_DEPTH,
  POINTER_BYTES,
  resolve,
  Sizes,
} from "../ebpf/btf/mod.ts";
import { describe } from "./describe.ts";
import { BtfError } from "./errors.ts";
import type {
  Alias,
  ArrayType,
  EnumType,
  IntType,
  Member,
  Model,
  RecordType,
  Type,
} from "./model.ts";

/** Members of one type, those of types without a name included, which are written out where they are used. */
const MAX_MEMBERS = 1 << 17;
/** Limit for all types together; the kernel has some 300,000 members. */
const MAX_ALL_MEMBERS = 1 << 22;

type BtfRecord = Extract<BtfType, { kind: "struct" | "union" }>;

/** Gathers types, each after what it is made of. */
export class Lowering {
  readonly #btf: Btf;
  readonly #sizes: Sizes;
  readonly #types: (RecordType | EnumType | Alias)[] = [];
  readonly #records = new Map<number, RecordType>();
  readonly #enums = new Map<number, EnumType>();
  readonly #aliases = new Set<number>();
  /** Members of each record, as they are written out. */
  readonly #written = new Map<RecordType, number>();
  #allWritten = 0;

  /** Of the types of `btf`. */
  constructor(btf: Btf) {
    this.#btf = btf;
    this.#sizes = new Sizes(btf);
  }

  /** Collected types. */
  get types(): Model["types"] {
    return this.#types;
  }

  /** Bytes of a type. */
  bytes(id: number): number {
    return this.#sizes.of(id);
  }

  /**
   * Adds a type, unless it has no values.
   *
   * @param hint name of the type if it has none
   */
  add(id: number, hint = ""): Type | undefined {
    const { type } = resolve(this.#btf, id);
    const isValue = !["void", "fwd", "func", "proto", "var", "datasec"].includes(type.kind);
    return isValue ? this.type(id, { hint }) : undefined;
  }

  /**
   * Adds a type that was requested by name, which may be a typedef of a number. A declaration
   * without a definition adds nothing.
   */
  addNamed(id: number): void {
    const lowered = this.add(id);
    if (lowered === undefined) return;
    if (!this.#aliases.has(id) && this.#btf.type(id).kind === "typedef") {
      this.#addAlias(id, this.#btf.name(id), lowered);
    }
  }

  /**
   * Converts a type that is used as a value, with all types inside it.
   *
   * @throws {BtfError} if it has no size, or its members do not fit
   */
  type(id: number, { depth = 0, hint = "" } = {}): Type {
    if (depth > MAX_DEPTH) throw new BtfError(`type ${id} is nested too deep`);
    const resolved = resolve(this.#btf, id);
    const { type } = resolved;
    switch (type.kind) {
      case "int":
        return lowerInt(type);
      case "float":
        return type.bytes === 4 || type.bytes === 8
          ? { kind: "float", bytes: type.bytes }
          : { kind: "bytes", bytes: type.bytes, text: describe(this.#btf, id) };
      case "ptr":
        return { kind: "pointer", text: describe(this.#btf, resolved.id) };
      case "array":
        this.#sizes.of(id);
        return {
          kind: "array",
          of: this.type(type.type, { depth: depth + 1, hint }),
          length: type.length,
        };
      case "struct":
      case "union":
        return this.#named(id, this.#record(resolved.id, type, { ...resolved, depth, hint }));
      case "enum":
        return this.#named(id, this.#enum(resolved.id, type, { ...resolved, hint }));
      default:
        this.#sizes.of(id);
        throw new BtfError(`type ${id} is used as a value`);
    }
  }

  /** Adds the typedefs on the way to a type. */
  #named<T extends RecordType | EnumType>(id: number, type: T): T {
    for (let at = id;;) {
      const step = this.#btf.type(at);
      if (step.kind === "typedef" && !this.#aliases.has(at)) this.#addAlias(at, step.name, type);
      if (step.kind !== "typedef" && step.kind !== "modifier" && step.kind !== "tag") return type;
      at = step.type;
    }
  }

  #addAlias(id: number, name: string, of: Type): void {
    this.#aliases.add(id);
    if ((of.kind === "record" || of.kind === "enum") && of.typedef && of.name === name) return;
    this.#types.push({ kind: "alias", name, of });
  }

  #record(
    id: number,
    type: BtfRecord,
    { typedef, depth, hint }: { typedef: string; depth: number; hint: string },
  ): RecordType {
    const known = this.#records.get(id);
    if (known !== undefined) return known;
    const members = type.members.map((member, i) => this.#member(type, member, { i, depth }));
    members.sort((a, b) => a.bitOffset - b.bitOffset);
    if (type.kind === "struct") mustFollow(type.name, members);
    const record: RecordType = {
      kind: "record",
      form: type.kind,
      name: type.name || typedef || hint,
      typedef: type.name === "" && typedef !== "",
      hinted: type.name === "" && typedef === "" && hint !== "",
      bytes: type.bytes,
      members,
    };
    this.#count(record);
    this.#records.set(id, record);
    this.#types.push(record);
    return record;
  }

  /** Types without a name, each of two of the next, would double with each level. */
  #count(record: RecordType): void {
    let written = 0;
    for (const { name, type } of record.members) {
      let inner: Type = type;
      while (inner.kind === "array") inner = inner.of;
      const isWrittenOut = inner.kind === "record" && (name === "" || inner.name === "");
      written += 1 + (isWrittenOut ? this.#written.get(inner as RecordType) ?? 0 : 0);
    }
    this.#allWritten += written;
    if (written > MAX_MEMBERS || this.#allWritten > MAX_ALL_MEMBERS) {
      throw new BtfError(`"${record.name}" has too many members, nested ones included`);
    }
    this.#written.set(record, written);
  }

  #member(
    record: BtfRecord,
    member: BtfMember,
    { i, depth }: { i: number; depth: number },
  ): Member {
    const { type: base } = resolve(this.#btf, member.type);
    const type = this.type(member.type, { depth: depth + 1 });
    const bytes = this.#sizes.of(member.type);
    let { bitOffset, bits } = member;
    if (bits === 0 && base.kind === "int" && base.bits < base.bytes * 8 && !base.bool) {
      bits = base.bits;
      bitOffset += base.bitOffset;
    }
    const what = () => `member "${member.name}" of ${record.kind} "${record.name}"`;
    if (bits > 0 && (type.kind !== "int" && type.kind !== "enum" || bits > bytes * 8)) {
      throw new BtfError(`${what()} is a bit-field of ${bits} bits, larger than its type`);
    }
    if (bits === 0 && bitOffset % 8 !== 0) throw new BtfError(`${what()} begins inside a byte`);
    if (bitOffset + (bits || bytes * 8) > record.bytes * 8) {
      throw new BtfError(`${what()} does not fit into it`);
    }
    const name = member.name === "" && type.kind !== "record" ? `unnamed_${i}` : member.name;
    return { name, type, bitOffset, bits, bytes };
  }

  #enum(
    id: number,
    type: Extract<BtfType, { kind: "enum" }>,
    { typedef, hint }: { typedef: string; hint: string },
  ): EnumType {
    const known = this.#enums.get(id);
    if (known !== undefined) return known;
    const lowered: EnumType = {
      kind: "enum",
      name: type.name || typedef || hint,
      typedef: type.name === "" && typedef !== "",
      bytes: type.bytes as EnumType["bytes"],
      signed: type.signed,
      values: type.values,
    };
    this.#enums.set(id, lowered);
    this.#types.push(lowered);
    return lowered;
  }
}

function lowerInt(type: Extract<BtfType, { kind: "int" }>): IntType {
  const isText = type.bytes === 1 && type.name === "char";
  const isBool = type.bytes === 1 && type.bool;
  return {
    kind: "int",
    bytes: type.bytes as IntType["bytes"],
    signed: type.signed,
    sense: isBool ? "bool" : isText ? "char" : "number",
  };
}

/** Two members of a struct share no bit. */
function mustFollow(name: string, members: readonly Member[]): void {
  let end = 0;
  for (const member of members) {
    const bits = member.bits || member.bytes * 8;
    if (bits > 0 && member.bitOffset < end) {
      throw new BtfError(`member "${member.name}" of struct "${name}" overlaps another`);
    }
    end = Math.max(end, member.bitOffset + bits);
  }
}

/** Bytes of a lowered type. */
export function bytesOf(type: Type): number {
  switch (type.kind) {
    case "pointer":
      return POINTER_BYTES;
    case "array":
      return bytesOf(type.of) * type.length;
    default:
      return type.bytes;
  }
}

/** An array's innermost element, and how many there are along each dimension. */
export function dimensions(type: ArrayType): { of: Exclude<Type, ArrayType>; lengths: number[] } {
  const lengths = [type.length];
  let of = type.of;
  while (of.kind === "array") {
    lengths.push(of.length);
    of = of.of;
  }
  return { of, lengths };
}
