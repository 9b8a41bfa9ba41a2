/**
 * Schemas from BTF. The types are not trusted: cycles, sizes and offsets are checked, and the work is
 * bounded by {@linkcode MAX_FIELDS} and {@linkcode MAX_RECORD_BYTES}.
 */
import {
  type Btf,
  type BtfMember,
  type BtfType,
  MAX_DEPTH,
  resolve,
  Sizes,
} from "../ebpf/btf/mod.ts";
import { tagsOf, type TagsOfType, tagValue } from "./annotations.ts";
import { defaultFormat, isAddressName, isFamily } from "./default_format.ts";
import { RecordsError } from "./errors.ts";
import { gadgetFields, type Place } from "./schema_gadget.ts";
import { type Format, parseFormat } from "./format.ts";
import {
  type EnumType,
  type Field,
  type FieldType,
  MAX_FIELDS,
  MAX_RECORD_BYTES,
  MAX_TAIL_BYTES,
  type Schema,
  type Tail,
} from "./schema.ts";
import { metricOf, type SchemaHints, unitOf } from "./schema_hints.ts";
import {
  enumNamesIn,
  gadgetMetric,
  isForPrograms,
  isKernelState,
  legacyBits,
  membersForPrograms,
  typeNamesOf,
} from "./btf_names.ts";

/** Members looked at, fields or not: bounds empty structs within structs. */
const MAX_MEMBERS = 65_536;

/** Structs within structs: sources nest five times at most. */
const MAX_NESTING = 32;
/** Bytes of the number of a tail's bytes. */
const COUNTER_BYTES = 4;
/** Names of words that each end with a NUL byte. */
const WORDS = /(^|_)(args|argv|cmdline)$/;

/**
 * Returns the schema of a type, which is usually a struct.
 *
 * @param id of the type in `types`
 * @throws {RecordsError} `BAD_SCHEMA` for a type that cannot be shown
 * @throws {BtfError} for damaged BTF
 */
export function schemaOf(types: Btf, id: number, hints: SchemaHints = {}): Schema {
  const { type, typedef } = resolve(types, id);
  const name = hints.name ?? (("name" in type ? type.name : "") || typedef || "record");
  const size = new Sizes(types).of(id);
  if (size > MAX_RECORD_BYTES) {
    throw badSchema(name, `it has ${size} bytes, and at most ${MAX_RECORD_BYTES} are shown`);
  }
  const walk = new Walk(types, name, hints);
  if (type.kind === "struct" || type.kind === "union") {
    walk.record(type, resolve(types, id).id, { path: [], offset: 0, limit: size, hidden: false });
  } else {
    walk.member({ name: hints.scalar ?? "value", type: id, bitOffset: 0, bits: 0 }, undefined, {
      path: [],
      offset: 0,
      limit: size,
      hidden: false,
    }, undefined);
  }
  const tail = walk.end();
  if (walk.fields.length === 0) throw badSchema(name, "it has no members");
  if (tail === undefined) return { name, size, fields: walk.fields };
  return { name, size: tail.counter + COUNTER_BYTES, fields: walk.fields, tail };
}

function badSchema(name: string, reason: string): RecordsError {
  return new RecordsError(`Cannot show records of "${name}": ${reason}`, { code: "BAD_SCHEMA" });
}

class Walk {
  readonly fields: Field[] = [];
  readonly #btf: Btf;
  readonly #name: string;
  readonly #hints: SchemaHints;
  readonly #sizes: Sizes;
  readonly #names = new Set<string>();
  /** Members left; shared with the walks of arrays' elements. */
  readonly #budget: { members: number };
  readonly #depth: number;

  constructor(btf: Btf, name: string, hints: SchemaHints, budget?: { members: number }, depth = 0) {
    this.#btf = btf;
    this.#name = name;
    this.#hints = hints;
    this.#sizes = new Sizes(btf);
    this.#budget = budget ?? { members: MAX_MEMBERS };
    this.#depth = depth;
  }

  record(
    type: Extract<BtfType, { kind: "struct" | "union" }>,
    id: number,
    place: Place,
  ): void {
    if (place.path.length + this.#depth > MAX_NESTING) {
      throw badSchema(this.#name, "it is nested too deep");
    }
    const tags = tagsOf(this.#btf).get(id);
    const family = this.#familyOf(type.members, place);
    const quiet = membersForPrograms(type.name);
    type.members.forEach((member, index) => {
      // Other members of a union are the same bytes, read in another way.
      const hidden = place.hidden || (type.kind === "union" && index > 0);
      const isJson = place.isJson === true || quiet?.test(member.name) === true;
      const used = this.#usedBytes(member, type.members, place);
      this.member(member, { tags, index, used }, { ...place, hidden, isJson }, family);
    });
  }

  member(
    member: BtfMember,
    tagged:
      | { tags: TagsOfType | undefined; index: number; used: Field["used"] }
      | undefined,
    place: Place,
    family: Field["family"],
  ): void {
    if (--this.#budget.members < 0) throw badSchema(this.#name, "it has too many members");
    const { id, type } = resolve(this.#btf, member.type);
    const bytes = this.#sizes.of(member.type);
    const start = Math.floor(member.bitOffset / 8);
    const end = member.bits > 0 ? Math.ceil((member.bitOffset + member.bits) / 8) : start + bytes;
    if (end > place.limit || (member.bits === 0 && member.bitOffset % 8 !== 0)) {
      throw badSchema(this.#name, `member "${member.name}" is outside of its struct`);
    }
    const offset = place.offset + start;
    const hidden = place.hidden || member.name.startsWith("__") ||
      (type.kind === "struct" && isKernelState(type.name));
    if (type.kind === "struct" || type.kind === "union") {
      if (this.#gadgetStruct(member, type, { ...place, offset, limit: bytes, hidden })) return;
      const addresses = type.kind === "union"
        ? this.#addressUnion(member, type, family)
        : undefined;
      if (addresses === undefined) {
        const path = member.name === "" ? place.path : [...place.path, member.name];
        // A union without a name adds its members; the depth still counts.
        this.#nested(type, id, { ...place, path, offset, limit: bytes, hidden });
        return;
      }
      const text: FieldType = { kind: "bytes", length: 16, signed: false };
      this.#add(addresses, text, { name: "ip" }, { ...place, offset, hidden }, 16, family);
      return;
    }
    if (bytes === 0) {
      this.#last = { member, tags: tagged?.tags?.get(tagged.index), ...place, offset, hidden };
      return;
    }
    if (member.name === "") return;
    const fieldType = this.#fieldType(member.type, bytes);
    const typeNames = typeNamesOf(this.#btf, member.type);
    const tags = tagged?.tags?.get(tagged.index);
    const isEnum = fieldType.kind === "enum" && this.#hints.isGadget === true;
    const raw = member.name.endsWith("_raw") &&
      (isEnum || typeNames.some((name) => name.startsWith("gadget_")));
    const name = raw ? member.name.slice(0, -4) : member.name;
    const written = tagValue(tags, "format");
    const format = written !== undefined
      ? parseFormat(written)
      : tagged?.used !== undefined
      ? { name: "args" } as const
      : defaultFormat({ name, type: fieldType, typeNames, hasFamily: family !== undefined });
    const isAddress = format.name === "ip" && family?.offset !== offset;
    this.#add(
      name,
      fieldType,
      format,
      { ...place, offset, hidden, isJson: place.isJson === true || isForPrograms(typeNames) },
      bytes,
      isAddress ? family : undefined,
      {
        tags,
        used: tagged?.used,
        metric: gadgetMetric(typeNames),
        ...(member.bits > 0
          ? { bitOffset: place.offset * 8 + member.bitOffset, bitSize: member.bits }
          : legacyBits(type, place.offset * 8 + member.bitOffset)),
      },
    );
    const isNamed = raw &&
      /^(errno|signal|syscall|mode|flags|enum|size|ns|kstack)$/.test(format.name);
    // Programs that read JSON get the number as well.
    if (!isNamed || written !== undefined || hidden || this.#names.has(member.name)) return;
    if (fieldType.kind !== "int" && fieldType.kind !== "enum") return;
    const { bytes: size, signed } = fieldType;
    const number: FieldType = { kind: "int", bytes: size, signed };
    const isJson = true;
    this.#add(member.name, number, { name: "dec" }, { ...place, offset, isJson }, bytes, undefined);
  }

  /** Last member without bytes, which can be a flexible array. */
  #last: Place & { member: BtfMember; tags: readonly string[] | undefined } | undefined;

  /** Adds the flexible array at the end of framed records; undefined without one. */
  end(): Tail | undefined {
    if (this.#last === undefined || this.#hints.isFramed !== true) return undefined;
    const { member, tags, ...place } = this.#last;
    const { offset } = place;
    const { type } = resolve(this.#btf, member.type);
    if (type.kind !== "array" || type.length !== 0 || member.name === "") return undefined;
    // An array of no elements in the midst of members, or next to them in a union, is a mark.
    if (this.fields.some((field) => field.offset + field.size > offset)) return undefined;
    const stride = this.#sizes.of(type.type);
    const length = Math.floor(MAX_TAIL_BYTES / stride);
    if (stride === 0 || length === 0) return undefined;
    const fieldType = this.#arrayType({ ...type, length }, 0);
    const typeNames = typeNamesOf(this.#btf, member.type);
    const written = tagValue(tags, "format");
    const format = written !== undefined
      ? parseFormat(written)
      : WORDS.test(member.name) && fieldType.kind === "bytes"
      ? { name: "args" } as const
      : defaultFormat({ name: member.name, type: fieldType, typeNames, hasFamily: false });
    const bytes = length * stride;
    const counter = Math.ceil((offset + bytes) / COUNTER_BYTES) * COUNTER_BYTES;
    const used = { offset: counter, size: COUNTER_BYTES };
    const extra = { tags, used, isFlexible: true };
    this.#add(member.name, fieldType, format, place, bytes, undefined, extra);
    return { offset, bytes, counter };
  }

  /** Adds a struct that is one value for people; false for another one. */
  #gadgetStruct(member: BtfMember, type: BtfType, place: Place): boolean {
    if (type.kind !== "struct" || member.name === "") return false;
    const fields = gadgetFields(member.name.replace(/_raw$/, ""), type, place);
    for (const { name, path, place: at, type, format, family, port } of fields ?? []) {
      const where = { ...place, ...at, path: [...place.path, ...path] };
      this.#add(name, type, format, where, at.size, family, { port });
    }
    return fields !== undefined;
  }

  /** Returns the place of the number of bytes that words of a command line take: `args_size`. */
  #usedBytes(member: BtfMember, members: readonly BtfMember[], place: Place): Field["used"] {
    if (!WORDS.test(member.name)) return undefined;
    const { type } = resolve(this.#btf, member.type);
    if (type.kind !== "array" || this.#sizes.of(type.type) !== 1) return undefined;
    const size = members.find(({ name, bits }) =>
      bits === 0 && [`${member.name}_size`, `${member.name}_len`].includes(name)
    );
    if (size === undefined) return undefined;
    const number = resolve(this.#btf, size.type).type;
    if (number.kind !== "int" || (number.bytes !== 2 && number.bytes !== 4)) return undefined;
    return { offset: place.offset + Math.floor(size.bitOffset / 8), size: number.bytes };
  }

  #nested(type: Extract<BtfType, { kind: "struct" | "union" }>, id: number, place: Place): void {
    this.#nesting++;
    if (this.#nesting > MAX_NESTING) throw badSchema(this.#name, "it is nested too deep");
    this.record(type, id, place);
    this.#nesting--;
  }
  #nesting = 0;

  #add(
    name: string,
    type: FieldType,
    format: Format,
    place: Place,
    size: number,
    family: Field["family"],
    extra: {
      tags?: readonly string[] | undefined;
      bitOffset?: number;
      bitSize?: number;
      used?: Field["used"];
      isFlexible?: boolean;
      metric?: Field["metric"];
      port?: Field["port"];
    } = {},
  ): void {
    if (this.fields.length >= MAX_FIELDS) {
      throw badSchema(this.#name, `it has more than ${MAX_FIELDS} fields`);
    }
    const path = [...place.path, name];
    let dotted = path.join(".");
    // Hostile BTF, and members of anonymous unions.
    for (let copy = 2; this.#names.has(dotted); copy++) {
      path[path.length - 1] = `${name}_${copy}`;
      dotted = path.join(".");
    }
    this.#names.add(dotted);
    const fields = this.#hints.fields ?? {};
    const hint = Object.hasOwn(fields, dotted) ? fields[dotted] : undefined;
    const { tags } = extra;
    const unit = hint?.unit ?? tagValue(tags, "unit") ?? unitOf(format);
    const help = hint?.help ?? tagValue(tags, "help");
    const metric = hint?.metric ?? metricOf(tagValue(tags, "metric")) ?? extra.metric;
    const computed = tagValue(tags, "computed");
    const shown = this.#withEnum(type, hint?.format ?? format);
    const isLabel = hint?.isLabel ?? tags?.includes("label") === true;
    const condition = tagValue(tags, "shown_if");
    const isLeftOut = condition !== undefined && this.#hints.isShown?.(condition) === false;
    const hidden = hint?.hidden ??
      (place.hidden || isLeftOut || tags?.includes("hidden") === true);
    const shownIn = place.isTable === true
      ? "tables"
      : place.isJson === true && hint?.hidden !== false
      ? "json"
      : undefined;
    this.fields.push({
      name: dotted,
      path,
      offset: place.offset,
      size,
      ...shown,
      ...(extra.bitSize === undefined || extra.bitOffset === undefined
        ? {}
        : { bitOffset: extra.bitOffset, bitSize: extra.bitSize }),
      ...(unit === undefined ? {} : { unit }),
      ...(help === undefined ? {} : { help }),
      ...(metric === undefined ? {} : { metric }),
      ...(computed === undefined ? {} : { computed }),
      ...(isLabel ? { isLabel } : {}),
      ...(hidden ? { hidden } : {}),
      ...(family === undefined ? {} : { family }),
      ...(extra.used === undefined ? {} : { used: extra.used }),
      ...(extra.isFlexible === true ? { isFlexible: true } : {}),
      ...(extra.port === undefined ? {} : { port: extra.port }),
      ...(shownIn === undefined ? {} : { shownIn }),
    });
  }

  /** Names of an enum of the same BTF become part of the type. */
  #withEnum(type: FieldType, format: Format): Pick<Field, "type" | "format"> {
    if (format.argument === undefined || !/^(enum|flags)$/.test(format.name)) {
      return { type, format };
    }
    if (type.kind !== "int" && type.kind !== "enum") return { type, format };
    if (type.bytes === 16) return { type, format };
    const names = enumNamesIn(this.#btf, format.argument);
    if (names === undefined) return { type, format };
    const { bytes, signed } = type;
    return { type: { kind: "enum", bytes, signed, names }, format: { name: format.name } };
  }

  #familyOf(members: readonly BtfMember[], place: Place): Field["family"] {
    const member = members.find(({ name, bits }) => bits === 0 && isFamily(name));
    if (member === undefined) return undefined;
    const { type } = resolve(this.#btf, member.type);
    if ((type.kind !== "int" && type.kind !== "enum") || ![1, 2, 4].includes(type.bytes)) {
      return undefined;
    }
    return { offset: place.offset + member.bitOffset / 8, size: type.bytes };
  }

  /** Returns the name of the address that a union of one of 4 and one of 16 bytes holds. */
  #addressUnion(
    { name }: BtfMember,
    union: Extract<BtfType, { kind: "union" }> | BtfType,
    family: Field["family"],
  ): string | undefined {
    if (family === undefined || union.kind !== "union" || union.bytes !== 16) return undefined;
    if (name !== "") return isAddressName(name) ? name.replace(/_raw$/, "") : undefined;
    const names = union.members.map((member) => member.name);
    if (names.length !== 2 || !names.every(isAddressName)) return undefined;
    const stems = new Set(names.map((each) => each.replace(/_?(ip)?v?[46]$/i, "")));
    const [stem] = stems;
    return stems.size === 1 && stem !== "" ? stem : undefined;
  }

  #fieldType(id: number, bytes: number, depth = 0): FieldType {
    const { id: resolved, type, typedef } = resolve(this.#btf, id);
    switch (type.kind) {
      case "int":
        return {
          kind: "int",
          bytes: type.bytes as 1,
          signed: type.signed,
          ...(type.bool ? { of: "bool" as const } : {}),
        };
      case "float":
        if (type.bytes === 4 || type.bytes === 8) return { kind: "float", bytes: type.bytes };
        return { kind: "bytes", length: bytes, signed: false };
      case "ptr":
        return { kind: "int", bytes: 8, signed: false, of: "pointer" };
      case "enum":
        return {
          kind: "enum",
          bytes: type.bytes as EnumType["bytes"],
          signed: type.signed,
          names: type.values,
        };
      case "array":
        return this.#arrayType(type, depth);
      case "struct":
      case "union": {
        const walk = new Walk(
          this.#btf,
          type.name || typedef,
          {},
          this.#budget,
          this.#depth + depth + 1,
        );
        walk.record(type, resolved, { path: [], offset: 0, limit: bytes, hidden: false });
        return { kind: "record", bytes, fields: walk.fields.filter(({ hidden }) => !hidden) };
      }
      default:
        throw badSchema(this.#name, `type ${id} has no value`);
    }
  }

  #arrayType(type: Extract<BtfType, { kind: "array" }>, depth: number): FieldType {
    if (depth > MAX_DEPTH) throw badSchema(this.#name, "it is nested too deep");
    const element = resolve(this.#btf, type.type).type;
    if (element.kind === "int" && element.bytes === 1 && element.bits === 8 && !element.bool) {
      return { kind: "bytes", length: type.length, signed: element.signed };
    }
    const stride = this.#sizes.of(type.type);
    if (stride === 0) throw badSchema(this.#name, "it has an array of nothing");
    if (--this.#budget.members < 0) throw badSchema(this.#name, "it has too many members");
    const elementType = this.#fieldType(type.type, stride, depth + 1);
    const format = defaultFormat({
      name: "",
      type: elementType,
      typeNames: typeNamesOf(this.#btf, type.type),
      hasFamily: false,
    });
    return { kind: "array", element: elementType, format, stride, length: type.length };
  }
}
