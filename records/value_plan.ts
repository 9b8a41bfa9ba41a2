/**
 * Values of records as programs use them: numbers, bigints, booleans, texts, bytes, arrays and objects,
 * the same as the readers that `gen typescript` writes return. A plan describes where they are; it can
 * be sent to another thread. The types are not trusted: work is bounded, and places are checked.
 */
import { type Btf, type BtfMember, type BtfType, resolve, Sizes } from "../ebpf/btf/mod.ts";
import { RecordsError } from "./errors.ts";
import { type Field, type FieldType, MAX_RECORD_BYTES, type Schema } from "./schema.ts";

/** Place and type of a value. */
export type ValuePlan =
  /** Number up to 32 bits, else a bigint; a boolean if `isBool`. */
  | {
    readonly kind: "int";
    readonly bytes: 1 | 2 | 4 | 8 | 16;
    readonly signed: boolean;
    readonly isBool?: boolean;
  }
  | { readonly kind: "float"; readonly bytes: 4 | 8 }
  /** Text up to its first NUL byte; invalid UTF-8 becomes U+FFFD. */
  | { readonly kind: "text"; readonly length: number }
  /** Copied bytes, as an `Uint8Array`. */
  | { readonly kind: "bytes"; readonly length: number }
  | {
    readonly kind: "array";
    readonly of: ValuePlan;
    readonly length: number;
    readonly stride: number;
  }
  | RecordPlan;

/** Struct or union: an object with all members. */
export interface RecordPlan {
  /** Discriminates the union. */
  readonly kind: "record";
  /** Size in bytes. */
  readonly bytes: number;
  /** Members with names; those of anonymous structs are the record's own. */
  readonly members: readonly MemberPlan[];
}

/** Member of a record. */
export interface MemberPlan {
  /** Name of the property. */
  readonly name: string;
  /** Bytes from the start of the record. */
  readonly offset: number;
  /** Place of a bit-field, in bits from the start of the record. */
  readonly bits?: { readonly offset: number; readonly size: number };
  /** Type of the value. */
  readonly of: ValuePlan;
}

/** Members of one plan: real types have hundreds, hostile BTF doubles them at each level. */
const MAX_MEMBERS = 65_536;
/** Elements without bytes, of which an array can have 2^32. */
const MAX_EMPTY = 4096;
/** Structs and arrays within each other. */
const MAX_NESTING = 64;

/**
 * Returns the plan of a type in BTF.
 *
 * @throws {RecordsError} `BAD_SCHEMA` for a type without values, or one that is too large
 * @throws {BtfError} for damaged BTF
 */
export function valuePlan(types: Btf, id: number): ValuePlan {
  return new Planner(types).plan(id, 0);
}

function badType(reason: string): RecordsError {
  return new RecordsError(`Cannot read records: ${reason}`, { code: "BAD_SCHEMA" });
}

type BtfRecord = Extract<BtfType, { kind: "struct" | "union" }>;

class Planner {
  readonly #btf: Btf;
  readonly #sizes: Sizes;
  #left = MAX_MEMBERS;

  constructor(btf: Btf) {
    this.#btf = btf;
    this.#sizes = new Sizes(btf);
  }

  plan(id: number, depth: number): ValuePlan {
    if (depth > MAX_NESTING) throw badType("the type is nested too deep");
    const { type } = resolve(this.#btf, id);
    switch (type.kind) {
      case "int":
        return this.#int(type);
      case "enum":
        return this.#int({ ...type, bool: false });
      case "ptr":
        return { kind: "int", bytes: 8, signed: false };
      case "float":
        if (type.bytes === 4 || type.bytes === 8) return { kind: "float", bytes: type.bytes };
        return { kind: "bytes", length: type.bytes };
      case "array":
        return this.#array(type, depth);
      case "struct":
      case "union":
        return this.#record(type, depth);
      default:
        throw badType(`a ${type.kind} has no value`);
    }
  }

  #int(type: { bytes: number; signed: boolean; bool: boolean }): ValuePlan {
    const { bytes, signed, bool } = type;
    if (bytes !== 1 && bytes !== 2 && bytes !== 4 && bytes !== 8 && bytes !== 16) {
      throw badType(`an integer of ${bytes} bytes has no value`);
    }
    return bool ? { kind: "int", bytes, signed, isBool: true } : { kind: "int", bytes, signed };
  }

  #array(type: Extract<BtfType, { kind: "array" }>, depth: number): ValuePlan {
    const stride = this.#sizes.of(type.type);
    if (stride * type.length > MAX_RECORD_BYTES) throw badType("an array is too large");
    const element = resolve(this.#btf, type.type).type;
    if (element.kind === "int" && element.bytes === 1 && element.bits === 8 && !element.bool) {
      if (element.name === "char") return { kind: "text", length: type.length };
      if (!element.signed) return { kind: "bytes", length: type.length };
    }
    const of = this.plan(type.type, depth + 1);
    if (stride === 0 && type.length * valuesIn(of) > MAX_EMPTY) {
      throw badType("an array has too many empty elements");
    }
    return { kind: "array", of, length: type.length, stride };
  }

  #record(type: BtfRecord, depth: number): RecordPlan {
    if (type.bytes > MAX_RECORD_BYTES) {
      throw badType(`"${type.name}" has ${type.bytes} bytes, more than ${MAX_RECORD_BYTES}`);
    }
    const members: MemberPlan[] = [];
    this.#gather(type, { depth, base: 0, limit: type.bytes * 8, members });
    members.sort((a, b) => (a.bits?.offset ?? a.offset * 8) - (b.bits?.offset ?? b.offset * 8));
    return { kind: "record", bytes: type.bytes, members: withOwnNames(members) };
  }

  /** Adds the members, in bits from `base`. */
  #gather(
    type: BtfRecord,
    place: { depth: number; base: number; limit: number; members: MemberPlan[] },
  ): void {
    if (place.depth > MAX_NESTING) throw badType("the type is nested too deep");
    type.members.forEach((member, i) => {
      if (--this.#left < 0) throw badType(`it has more than ${MAX_MEMBERS} members`);
      const { type: inner } = resolve(this.#btf, member.type);
      const at = place.base + member.bitOffset;
      const isRecord = inner.kind === "struct" || inner.kind === "union";
      const bytes = this.#sizes.of(member.type);
      const bits = bitsOf(member, inner);
      const end = bits === undefined ? at + bytes * 8 : place.base + bits.offset + bits.size;
      if (end > place.limit || (bits === undefined && at % 8 !== 0)) {
        throw badType(`member "${member.name}" is outside of its struct`);
      }
      if (member.name === "" && isRecord) {
        return this.#gather(inner, { ...place, depth: place.depth + 1, base: at });
      }
      if (this.#isFlexible(member.type)) return;
      if (bits !== undefined && (!("signed" in inner) || bits.size > bytes * 8)) {
        throw badType(`member "${member.name}" is a bit-field larger than its type`);
      }
      place.members.push({
        name: member.name === "" ? `unnamed_${i}` : member.name,
        offset: Math.floor(at / 8),
        ...(bits === undefined
          ? {}
          : { bits: { offset: place.base + bits.offset, size: bits.size } }),
        of: this.plan(member.type, place.depth + 1),
      });
    });
  }

  /** Reports whether the length of a member is known only at run time. */
  #isFlexible(id: number): boolean {
    for (let depth = 0; depth < MAX_NESTING; depth++) {
      const { type } = resolve(this.#btf, id);
      if (type.kind !== "array") return false;
      if (type.length === 0) return true;
      id = type.type;
    }
    return false;
  }
}

/** Returns the number of values that a reader makes. */
function valuesIn(plan: ValuePlan): number {
  if (plan.kind === "array") return Math.max(1, plan.length * valuesIn(plan.of));
  if (plan.kind !== "record") return 1;
  return plan.members.reduce((sum, { of }) => sum + valuesIn(of), 1);
}

/** Returns the bits of a bit-field in its struct; before `kind_flag` its integer type has the place. */
function bitsOf(
  { bitOffset, bits }: BtfMember,
  type: BtfType,
): { offset: number; size: number } | undefined {
  if (bits > 0) return { offset: bitOffset, size: bits };
  if (type.kind !== "int" || type.bool || type.bits >= type.bytes * 8) return undefined;
  return { offset: bitOffset + type.bitOffset, size: type.bits };
}

/** Makes names unique as `gen typescript` does; only hostile BTF has two of one name. */
function withOwnNames(members: readonly MemberPlan[]): MemberPlan[] {
  const taken = new Set<string>();
  return members.map((member) => {
    const base = member.name === "__proto__" ? "__proto___" : member.name;
    let name = base;
    for (let count = 2; taken.has(name); count++) name = `${base}___${count}`;
    taken.add(name);
    return { ...member, name };
  });
}

/** Returns the plan of a schema that has no BTF: one of text. */
export function planOfSchema({ size, fields }: Schema): RecordPlan {
  const root: Folder = new Map();
  for (const field of fields) {
    let folder = root;
    for (const name of field.path.slice(0, -1)) {
      const inner = folder.get(name);
      const next: Folder = inner instanceof Map ? inner : new Map();
      folder.set(name, next);
      folder = next;
    }
    folder.set(field.path.at(-1) ?? field.name, field);
  }
  return recordOf(root, size);
}

type Folder = Map<string, Field | Folder>;

/** Structs of text have no size of their own: offsets count from the record's start. */
function recordOf(folder: Folder, bytes: number): RecordPlan {
  const members = [...folder].map(([name, entry]): MemberPlan =>
    entry instanceof Map ? { name, offset: 0, of: recordOf(entry, bytes) } : {
      name,
      offset: entry.offset,
      ...(entry.bitOffset === undefined || entry.bitSize === undefined
        ? {}
        : { bits: { offset: entry.bitOffset, size: entry.bitSize } }),
      of: planOfType(entry.type, entry.format.name === "str"),
    }
  );
  return { kind: "record", bytes, members: withOwnNames(members) };
}

function planOfType(type: FieldType, isText: boolean): ValuePlan {
  switch (type.kind) {
    case "int":
      return {
        kind: "int",
        bytes: type.bytes,
        signed: type.signed,
        ...(type.of === "bool" ? { isBool: true } : {}),
      };
    case "enum":
      return { kind: "int", bytes: type.bytes, signed: type.signed };
    case "float":
      return { kind: "float", bytes: type.bytes };
    case "bytes":
      if (isText) return { kind: "text", length: type.length };
      if (!type.signed) return { kind: "bytes", length: type.length };
      return {
        kind: "array",
        of: { kind: "int", bytes: 1, signed: true },
        length: type.length,
        stride: 1,
      };
    case "array":
      return {
        kind: "array",
        of: planOfType(type.element, isText),
        length: type.length,
        stride: type.stride,
      };
    case "record":
      return planOfSchema({ name: "", size: type.bytes, fields: type.fields });
  }
}
