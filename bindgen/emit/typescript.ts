/** TypeScript: an interface for each type, and a function that reads one out of a `DataView`. */
import { defineAll, type EmitContext, Output } from "./base.ts";
import { innermost, TypeNames } from "../hoist.ts";
import { byteOffset, count, inC, type Leaf, leavesOf, originalNameFirst } from "../leaves.ts";
import { bytesOf } from "../lower.ts";
import type { ArrayType, EnumType, Model, RecordType, Type } from "../model.ts";
import { camel, identifier, Names, words } from "../names.ts";

const RESERVED = words(`
  break case catch class const continue debugger default delete do else enum export extends false finally
  for function if import in instanceof new null return super switch this throw true try typeof var
  void while with implements interface let package private protected public static yield await async
  any boolean bigint never number object string symbol undefined unknown type
  Array BigInt Boolean DataView Number Object String TextDecoder Uint8Array NaN Infinity eval arguments
  array bits bytes text wide
`);

const HELPERS: Readonly<Record<string, string>> = {
  array: `
function array<T>(length: number, element: (index: number) => T): T[] {
  return Array.from({ length }, (_, index) => element(index));
}`,
  bits: `
function bits(view: DataView, at: number, first: number, count: number): bigint {
  let value = 0n;
  for (let i = 0; i < count; i++) {
    const bit = first + i;
    if (view.getUint8(at + (bit >> 3)) >> (bit & 7) & 1) value |= 1n << BigInt(i);
  }
  return value;
}`,
  bytes: `
function bytes(view: DataView, at: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, length).slice();
}`,
  text: `
function text(view: DataView, at: number, length: number): string {
  const all = new Uint8Array(view.buffer, view.byteOffset + at, length);
  const end = all.indexOf(0);
  return new TextDecoder().decode(end < 0 ? all.slice() : all.slice(0, end));
}`,
  wide: `
function wide(view: DataView, at: number): bigint {
  return view.getBigUint64(at, true) | view.getBigUint64(at + 8, true) << 64n;
}`,
};

/** The whole file. */
export function emitTypeScript(model: Model, { header }: EmitContext): string {
  const output = new Output();
  output.line(...header.map((line) => `// ${line}`.trimEnd()));
  new Readers(output, model).define();
  return output.toString();
}

class Readers {
  readonly #output: Output;
  readonly #model: Model;
  readonly #scope = new Names(RESERVED);
  readonly #names: TypeNames;
  /** The function that reads each record. */
  readonly #readers = new Map<RecordType, string>();
  readonly #used = new Set<string>();

  constructor(output: Output, model: Model) {
    this.#output = output;
    this.#model = model;
    this.#names = new TypeNames(model, this.#scope, camel);
  }

  define(): void {
    defineAll(this.#model, {
      record: (record, globals) =>
        this.#record(record, globals && `The global variables in ${globals}`),
      enum: (type) => this.#enum(type),
      alias: (name, of) => this.#alias(name, of),
    });
    for (const [name, text] of Object.entries(HELPERS)) {
      if (this.#used.has(name)) this.#output.line(text);
    }
  }

  #alias(name: string, of: Type): void {
    const wanted = camel(name);
    if ((of.kind === "record" || of.kind === "enum") && this.#names.of(of) === wanted) return;
    this.#output.line("", `export type ${this.#scope.claim(wanted)} = ${this.#type(of)};`);
  }

  #record(record: RecordType, what?: string): void {
    const name = this.#names.of(record);
    if (name === undefined) return;
    const scope = new Names(new Set(["__proto__"]));
    const leaves = leavesOf(record, { scope, style: identifier });
    const original = originalNameFirst(record);
    this.#output.line("", `/** ${what ?? original}, ${count(record.bytes, "byte")}. */`);
    this.#output.line(`export interface ${name} {`);
    const read = leaves.filter(({ type }) => !isFlexible(type));
    for (const leaf of read) {
      const comment = inC(leaf.type);
      if (comment !== "") this.#output.line(`  /** \`${comment}\` */`);
      this.#output.line(`  ${leaf.name}: ${this.#type(leaf.type)};`);
    }
    this.#output.line("}");
    const size = this.#scope.claim(`sizeOf${name}`);
    const offsets = this.#scope.claim(`offsetsOf${name}`);
    this.#output.line("", `export const ${size} = ${record.bytes};`);
    this.#output.line(
      "",
      `/** In bytes; of a bit-field, in bits. */`,
      `export const ${offsets} = {`,
    );
    for (const leaf of leaves) {
      const offset = leaf.bits > 0 ? leaf.bitOffset : byteOffset(leaf);
      this.#output.line(`  ${leaf.name}: ${offset},`);
    }
    this.#output.line("} as const;");
    this.#reader(name, record, read);
  }

  #reader(name: string, record: RecordType, leaves: readonly Leaf[]): void {
    const reader = this.#scope.claim(`read${name}`);
    this.#readers.set(record, reader);
    this.#output.line(`
/**
 * Reads one that begins at byte \`at\` of \`view\`.
 *
 * @throws {RangeError} when the view ends before it does
 */
export function ${reader}(view: DataView, at = 0): ${name} {
  if (at < 0 || view.byteLength - at < ${record.bytes}) {
    throw new RangeError(\`${name} has ${record.bytes} bytes, and here are \${view.byteLength - at}\`);
  }
  return {`);
    for (const leaf of leaves) this.#output.line(`    ${leaf.name}: ${this.#read(leaf)},`);
    this.#output.line("  };", "}");
  }

  #read(leaf: Leaf): string {
    if (leaf.bits === 0) return this.#readAt(leaf.type, plus("at", byteOffset(leaf)), 0);
    const inner = innermost(leaf.type);
    const raw = this.#use("bits", `view, at, ${leaf.bitOffset}, ${leaf.bits}`);
    if (inner.kind !== "int" && inner.kind !== "enum") return raw;
    if (inner.kind === "int" && inner.sense === "bool") return `${raw} !== 0n`;
    const value = inner.signed ? `BigInt.asIntN(${leaf.bits}, ${raw})` : raw;
    return inner.bytes <= 4 ? `Number(${value})` : value;
  }

  #use(helper: string, args: string): string {
    this.#used.add(helper);
    return `${helper}(${args})`;
  }

  #readAt(type: Type, at: string, depth: number): string {
    switch (type.kind) {
      case "pointer":
        return `view.getBigUint64(${at}, true)`;
      case "float":
        return `view.getFloat${type.bytes * 8}(${at}, true)`;
      case "bytes":
        return this.#use("bytes", `view, ${at}, ${type.bytes}`);
      case "enum":
        return readInteger(type, at);
      case "int":
        if (type.sense === "bool") return `view.getUint8(${at}) !== 0`;
        if (type.bytes < 16) return readInteger(type, at);
        return type.signed
          ? `BigInt.asIntN(128, ${this.#use("wide", `view, ${at}`)})`
          : this.#use("wide", `view, ${at}`);
      case "record":
        return `${this.#readers.get(type)}(view, ${at})`;
      case "array":
        return this.#readArray(type, at, depth);
    }
  }

  #readArray(type: ArrayType, at: string, depth: number): string {
    if (isText(type)) return this.#use("text", `view, ${at}, ${type.length}`);
    if (isBytes(type)) return this.#use("bytes", `view, ${at}, ${type.length}`);
    const index = `i${depth === 0 ? "" : depth}`;
    const element = this.#readAt(type.of, `${at} + ${index} * ${bytesOf(type.of)}`, depth + 1);
    return this.#use("array", `${type.length}, (${index}) => ${element}`);
  }

  #type(type: Type): string {
    switch (type.kind) {
      case "pointer":
        return "bigint";
      case "float":
        return "number";
      case "bytes":
        return "Uint8Array";
      case "enum":
        return this.#names.of(type) ?? (type.bytes === 8 ? "bigint" : "number");
      case "int":
        if (type.sense === "bool") return "boolean";
        return type.bytes >= 8 ? "bigint" : "number";
      case "record":
        return this.#names.of(type) ?? "never";
      case "array":
        if (isText(type)) return "string";
        return isBytes(type) ? "Uint8Array" : `${this.#type(type.of)}[]`;
    }
  }

  #enum(type: EnumType): void {
    const name = this.#names.of(type);
    const suffix = type.bytes === 8 ? "n" : "";
    if (name === undefined) {
      for (const { name: enumerator, value } of type.values) {
        const constant = this.#scope.claim(identifier(enumerator));
        this.#output.line("", `export const ${constant} = ${value}${suffix};`);
      }
      return;
    }
    this.#output.line(
      "",
      `/** ${originalNameFirst(type)}; the kernel may use further values. */`,
    );
    this.#output.line(`export type ${name} = ${type.bytes === 8 ? "bigint" : "number"};`);
    const scope = new Names(new Set(["__proto__"]));
    this.#output.line("", `export const ${name} = {`);
    for (const { name: enumerator, value } of type.values) {
      this.#output.line(`  ${scope.claim(identifier(enumerator))}: ${value}${suffix},`);
    }
    this.#output.line("} as const;");
  }
}

function readInteger(type: { bytes: number; signed: boolean }, at: string): string {
  const sign = type.signed ? "Int" : "Uint";
  if (type.bytes === 8) return `view.getBig${sign}64(${at}, true)`;
  return `view.get${sign}${type.bytes * 8}(${at}${type.bytes === 1 ? "" : ", true"})`;
}

function plus(at: string, offset: number): string {
  return offset === 0 ? at : `${at} + ${offset}`;
}

function isText({ of }: ArrayType): boolean {
  return of.kind === "int" && of.sense === "char";
}

function isBytes({ of }: ArrayType): boolean {
  return of.kind === "int" && of.bytes === 1 && of.sense === "number" && !of.signed;
}

/** Reports whether its length is known only at run time. */
function isFlexible(type: Type): boolean {
  return type.kind === "array" && (type.length === 0 || isFlexible(type.of));
}
