/**
 * Schemas as text, for events without BTF: members of a C struct, each with a format if it needs one.
 *
 * ```
 * u64 ts @time; u32 pid; char comm[16]; struct { u32 saddr @ipv4; u16 dport; } peer;
 * ```
 */
import { C_INTEGERS, type IntegerBytes } from "../ebpf/btf/mod.ts";
import { defaultFormat, isFamily } from "./default_format.ts";
import { RecordsError } from "./errors.ts";
import { type Format, parseFormat } from "./format.ts";
import {
  type EnumType,
  type Field,
  type FieldType,
  MAX_FIELDS,
  MAX_RECORD_BYTES,
  type MetricKind,
  type Schema,
} from "./schema.ts";

/** Longest text. */
const MAX_CHARACTERS = 65_536;
/** Structs within structs. */
const MAX_NESTING = 16;

interface Scalar {
  readonly bytes: IntegerBytes;
  readonly signed?: boolean;
  readonly of?: "bool";
  readonly isFloat?: boolean;
  readonly typeName: string;
}

const SIZES: typeof C_INTEGERS = {
  ...C_INTEGERS,
  "__be16": [2, false],
  "__be32": [4, false],
  "__be64": [8, false],
};

function scalarOf(words: string): Scalar | undefined {
  const plain = words.replace(/\bint\b(?= *$)/, "").trim();
  const name = words === "int" || words === "unsigned int" ? words : plain === "" ? words : plain;
  const fixed = /^(?:__)?([usif])(8|16|32|64|128)$|^(u?)int(8|16|32|64)_t$/.exec(words);
  if (fixed !== null) {
    const bytes = Number(fixed[2] ?? fixed[4]) / 8 as Scalar["bytes"];
    const letter = fixed[1] ?? (fixed[3] === "u" ? "u" : "s");
    if (letter === "f") {
      return bytes === 4 || bytes === 8 ? { bytes, isFloat: true, typeName: words } : undefined;
    }
    const typeName = bytes === 1 ? "__u8" : words;
    return { bytes, signed: letter !== "u", typeName };
  }
  if (words === "bool" || words === "_Bool") return { bytes: 1, of: "bool", typeName: "_Bool" };
  if (words === "float") return { bytes: 4, isFloat: true, typeName: words };
  if (words === "double") return { bytes: 8, isFloat: true, typeName: words };
  const size = Object.hasOwn(SIZES, words) ? SIZES[words] : SIZES[name];
  if (size === undefined || !(Object.hasOwn(SIZES, words) || Object.hasOwn(SIZES, name))) {
    return undefined;
  }
  return { bytes: size[0], signed: size[1], typeName: words };
}

/**
 * Returns the schema that a text describes, with C's layout; `packed` before the members leaves gaps
 * out.
 *
 * @throws {RecordsError} `BAD_SCHEMA`, `BAD_FORMAT`
 */
export function schemaFromText(text: string, name: string): Schema {
  if (text.length > MAX_CHARACTERS) throw invalid(`${text.slice(0, 40)}…`, "it is too long");
  const parser = new Parser(text);
  return parser.schema(name);
}

function invalid(text: string, reason: string): RecordsError {
  return new RecordsError(`Cannot use schema "${text.slice(0, 200)}": ${reason}`, {
    code: "BAD_SCHEMA",
    hint: "write C members, with formats after @: u64 ts @time; u32 pid; char comm[16]",
  });
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly string[];
  readonly #fields: Field[] = [];
  #at = 0;
  #packed = false;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = text.match(/@[\w:]+(?:\([^()]*\))?|\w+|[^\s\w]/g) ?? [];
  }

  schema(name: string): Schema {
    if (this.#peek() === "packed") {
      this.#packed = true;
      this.#at++;
    }
    const isBraced = this.#take("{");
    const { size } = this.#members([], 0, isBraced ? "}" : undefined);
    if (isBraced && !this.#take("}")) throw this.#error("missing }");
    this.#take(";");
    if (this.#at < this.#tokens.length) throw this.#error(`unexpected "${this.#peek()}"`);
    if (this.#fields.length === 0) throw this.#error("it has no members");
    return { name, size, fields: this.#withFamilies() };
  }

  #error(reason: string): RecordsError {
    return invalid(this.#text, reason);
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  #take(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#at++;
    return true;
  }

  /** Reads members; offsets count from `start`. */
  #members(
    path: readonly string[],
    start: number,
    end: string | undefined,
  ): { size: number; align: number } {
    if (path.length > MAX_NESTING) throw this.#error("it is nested too deep");
    let offset = start;
    let align = 1;
    while (this.#peek() !== undefined && this.#peek() !== end) {
      const member = this.#member(path, offset);
      offset = member.end;
      align = Math.max(align, member.align);
      if (offset > MAX_RECORD_BYTES) {
        throw this.#error(`it has more than ${MAX_RECORD_BYTES} bytes`);
      }
      if (!this.#take(";") && !this.#take(",") && this.#peek() !== end) {
        throw this.#error(`unexpected "${this.#peek()}"`);
      }
    }
    return { size: this.#aligned(offset - start, align), align };
  }

  #aligned(offset: number, align: number): number {
    return this.#packed ? offset : Math.ceil(offset / align) * align;
  }

  #member(path: readonly string[], offset: number): { end: number; align: number } {
    if (this.#peek() === "struct" && this.#tokens[this.#at + 1] === "{") {
      return this.#struct(path, offset);
    }
    const words: string[] = [];
    while (/^\w/.test(this.#peek() ?? "")) {
      words.push(this.#tokens[this.#at++] ?? "");
    }
    let isPointer = false;
    while (this.#take("*")) isPointer = true;
    if (isPointer) {
      while (/^\w/.test(this.#peek() ?? "")) words.push(this.#tokens[this.#at++] ?? "");
    }
    const name = words.pop();
    const type = words.filter((word) => !/^(const|volatile|restrict)$/.test(word)).join(" ");
    if (name === undefined || type === "") throw this.#error("a member needs a type and a name");
    const scalar = isPointer ? undefined : scalarOf(type);
    if (scalar === undefined && !isPointer) throw this.#error(`unknown type "${type}"`);
    const lengths = this.#lengths();
    const names = this.#names();
    const { format: given, ...marks } = this.#marks();
    const written = names === undefined ? given : { name: "enum" } as const;
    const bytes = scalar?.bytes ?? 8;
    const at = this.#aligned(offset, bytes);
    const fieldType = withNames(typeOf(scalar, lengths), names);
    if (fieldType === undefined) throw this.#error(`"${name}" cannot have names: not an integer`);
    const size = lengths.reduce((product, length) => product * length, bytes);
    if (size > MAX_RECORD_BYTES) throw this.#error(`"${name}" has ${size} bytes`);
    const typeNames = [isPointer ? "void" : scalar?.typeName ?? type];
    const format = written ?? defaultFormat({ name, type: fieldType, typeNames, hasFamily: false });
    if (size > 0) {
      this.#add({ path: [...path, name], offset: at, size, type: fieldType, format, ...marks });
    }
    return { end: at + size, align: bytes };
  }

  #struct(path: readonly string[], offset: number): { end: number; align: number } {
    const start = this.#at;
    this.#at += 2;
    const first = this.#fields.length;
    // The alignment is known after the members: a first pass finds it.
    const { align } = this.#members([...path, ""], 0, "}");
    this.#fields.length = first;
    this.#at = start + 2;
    const at = this.#aligned(offset, align);
    const inner = this.#members([...path, ""], at, "}");
    if (!this.#take("}")) throw this.#error("missing }");
    const name = /^\w/.test(this.#peek() ?? "") ? this.#tokens[this.#at++] ?? "" : "";
    const depth = path.length;
    for (let i = first; i < this.#fields.length; i++) {
      const field = this.#fields[i];
      if (field === undefined) continue;
      const inside = field.path.slice(depth + 1);
      const renamed = name === "" ? [...path, ...inside] : [...path, name, ...inside];
      this.#fields[i] = { ...field, path: renamed, name: renamed.filter(Boolean).join(".") };
    }
    return { end: at + inner.size, align };
  }

  #lengths(): number[] {
    const lengths: number[] = [];
    while (this.#take("[")) {
      const digits = this.#tokens[this.#at++] ?? "";
      if (!/^\d{1,9}$/.test(digits) || !this.#take("]")) {
        throw this.#error("invalid length of an array");
      }
      lengths.push(Number(digits));
    }
    return lengths;
  }

  /** Reads a format, `@metric(KIND)`, `@unit(UNIT)` and `@label`, in any order. */
  #marks(): { format?: Format; metric?: MetricKind; unit?: string; isLabel?: true } {
    const marks: { format?: Format; metric?: MetricKind; unit?: string; isLabel?: true } = {};
    for (let token = this.#peek(); token?.startsWith("@"); token = this.#peek()) {
      this.#at++;
      const word = token.slice(1).replace(/\((.*)\)$/, ":$1");
      const metric = /^metric:\s*(counter|gauge|histogram)\s*$/.exec(word)?.[1];
      const unit = /^unit:\s*(\w{1,64})\s*$/.exec(word)?.[1];
      if (word === "label") marks.isLabel = true;
      else if (unit !== undefined) marks.unit = unit;
      else if (metric !== undefined) marks.metric = metric as MetricKind;
      else if (marks.format === undefined) marks.format = parseFormat(word);
      else throw this.#error(`a member has one format: unexpected "${token}"`);
    }
    return marks;
  }

  /** Reads names of values, `@enum(EXEC, EXIT, OTHER = 7)`; undefined for another format. */
  #names(): EnumType["names"] | undefined {
    const list = /^@enum\((.*[,=].*)\)$/s.exec(this.#peek() ?? "")?.[1];
    if (list === undefined) return undefined;
    this.#at++;
    let next = 0n;
    return list.split(",").map((word) => {
      const [, name, digits] = /^\s*([A-Za-z_]\w{0,127})\s*(?:=\s*(-?\d{1,19})\s*)?$/.exec(word) ??
        [];
      if (name === undefined) throw this.#error(`invalid name of a value: "${word.trim()}"`);
      const value = digits === undefined ? next : BigInt(digits);
      next = value + 1n;
      return { name, value };
    });
  }

  #add(field: Omit<Field, "name">): void {
    if (this.#fields.length >= MAX_FIELDS) {
      throw this.#error(`it has more than ${MAX_FIELDS} fields`);
    }
    // As in BTF: members of reserved names are shown on request.
    const hidden = field.path[field.path.length - 1]?.startsWith("__") === true;
    const more = hidden ? { hidden } : {};
    this.#fields.push({ ...field, ...more, name: field.path.filter(Boolean).join(".") });
  }

  /** Fields with their final names, and addresses with the family next to them. */
  #withFamilies(): Field[] {
    const names = new Set<string>();
    return this.#fields.map((field) => {
      if (names.has(field.name)) throw this.#error(`two members are named "${field.name}"`);
      names.add(field.name);
      const parent = field.path.slice(0, -1).join(".");
      const family = field.format.name !== "ip"
        ? undefined
        : this.#fields.find((other) =>
          other.path.slice(0, -1).join(".") === parent &&
          isFamily(other.path[other.path.length - 1] ?? "") && other.size <= 4
        );
      const path = field.path.filter(Boolean);
      if (family === undefined) return { ...field, path };
      return { ...field, path, family: { offset: family.offset, size: family.size } };
    });
  }
}

/** Returns an integer as an enum with names; undefined for another type. */
function withNames(type: FieldType, names: EnumType["names"] | undefined): FieldType | undefined {
  if (names === undefined) return type;
  if (type.kind !== "int" || type.of !== undefined || type.bytes === 16) return undefined;
  return { kind: "enum", bytes: type.bytes, signed: type.signed, names };
}

function typeOf(scalar: Scalar | undefined, lengths: readonly number[]): FieldType {
  let type: FieldType = scalar === undefined
    ? { kind: "int", bytes: 8, signed: false, of: "pointer" }
    : scalar.isFloat
    ? { kind: "float", bytes: scalar.bytes as 4 | 8 }
    : {
      kind: "int",
      bytes: scalar.bytes,
      signed: scalar.signed === true,
      ...(scalar.of === undefined ? {} : { of: scalar.of }),
    };
  let stride = scalar?.bytes ?? 8;
  for (const length of lengths.toReversed()) {
    if (type.kind === "int" && type.bytes === 1 && type.of === undefined) {
      type = { kind: "bytes", length, signed: type.signed };
    } else {
      const format: Format = type.kind === "int" && type.of === "pointer"
        ? { name: "addr" }
        : type.kind === "array" || type.kind === "bytes"
        ? { name: "list" }
        : { name: type.kind === "int" && type.of === "bool" ? "bool" : "dec" };
      type = { kind: "array", element: type, format, stride, length };
    }
    stride = stride * length as typeof stride;
  }
  return type;
}
