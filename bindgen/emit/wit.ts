/**
 * WIT: records for the component model's tools. A WIT type has no layout; the comments state each
 * field's offset in the eBPF half's bytes.
 */
import { defineAll, type EmitContext, Output } from "./base.ts";
import { plain } from "../describe.ts";
import { innermost, TypeNames } from "../hoist.ts";
import { count, inC, originalNameFirst } from "../leaves.ts";
import type { EnumType, Member, Model, RecordType, Type } from "../model.ts";
import { identifier, kebab, Names, words } from "../names.ts";

const KEYWORDS = words(`
  as async bool borrow char constructor enum error-context export f32 f64 flags float32 float64 from
  func future import include interface list map option own package record resource result s16 s32 s64
  s8 static stream string tuple type u16 u32 u64 u8 use variant with world
`);

function scope(): Names {
  return new Names(KEYWORDS, {
    escape: (name) => `%${name}`,
    number: "-v",
    // The component model compares names without their hyphens.
    same: (name) => name.replaceAll(/[-%]/g, ""),
  });
}

/** The whole file. */
export function emitWit(model: Model, { header, name }: EmitContext): string {
  const output = new Output();
  output.line(...header.map((line) => `// ${line}`.trimEnd()), "");
  const escaped = scope().claim(kebab(name));
  output.line(`package btf:${escaped};`, "", "interface types {");
  new WitTypes(output, model).define();
  output.line("}", "", "world host {", "    import types;", "}");
  return output.toString();
}

class WitTypes {
  readonly #output: Output;
  readonly #model: Model;
  readonly #scope = scope();
  readonly #names: TypeNames;
  readonly #empty = new Map<RecordType, boolean>();
  #isFirst = true;

  constructor(output: Output, model: Model) {
    this.#output = output;
    this.#model = model;
    this.#names = new TypeNames(model, this.#scope, kebab);
  }

  define(): void {
    defineAll(this.#model, {
      record: (record, globals) =>
        this.#record(record, globals && `The global variables in ${plain(globals)}`),
      enum: (type) => this.#enum(type),
      alias: (name, of) => this.#alias(name, of),
    });
  }

  /** An empty line between types. */
  #begin(...lines: string[]): void {
    if (!this.#isFirst) this.#output.line("");
    this.#isFirst = false;
    this.#output.line(...lines);
  }

  #alias(name: string, of: Type): void {
    const wanted = kebab(name);
    if (this.#isEmpty(of)) return;
    if ((of.kind === "record" || of.kind === "enum") && this.#names.of(of) === wanted) return;
    this.#begin(`    type ${this.#scope.claim(wanted)} = ${this.#type(of)};`);
  }

  /** The component model has no records without fields. */
  #isEmpty(type: Type): boolean {
    const inner = innermost(type);
    if (inner.kind !== "record") return false;
    const known = this.#empty.get(inner);
    if (known !== undefined) return known;
    const empty = inner.members.every((member) => this.#isEmpty(member.type));
    this.#empty.set(inner, empty);
    return empty;
  }

  /** A union becomes a variant: its bytes do not show which case holds. */
  #record(record: RecordType, what?: string): void {
    const name = this.#names.of(record);
    if (name === undefined || this.#isEmpty(record)) return;
    const original = originalNameFirst(record);
    this.#begin(`    /// ${what ?? original}, ${count(record.bytes, "byte")}`);
    const isUnion = record.form === "union";
    this.#output.line(`    ${isUnion ? "variant" : "record"} ${name} {`);
    const fields = scope();
    let anonymous = 0;
    for (const member of record.members) {
      const original = member.name || `anon${++anonymous}`;
      if (this.#isEmpty(member.type)) {
        this.#output.line(`        // ${identifier(original)} has no bytes`);
        continue;
      }
      const field = fields.claim(kebab(original));
      const type = this.#type(member.type);
      this.#output.line(`        /// ${place(member)}`);
      this.#output.line(isUnion ? `        ${field}(${type}),` : `        ${field}: ${type},`);
    }
    this.#output.line("    }");
  }

  #enum(type: EnumType): void {
    const name = this.#names.of(type);
    if (name === undefined || type.values.length === 0) return;
    this.#begin(`    /// ${originalNameFirst(type)}, ${count(type.bytes, "byte")}`);
    this.#output.line(`    enum ${name} {`);
    const cases = scope();
    for (const { name: enumerator, value } of type.values) {
      this.#output.line(`        /// ${value}`, `        ${cases.claim(kebab(enumerator))},`);
    }
    this.#output.line("    }");
  }

  #type(type: Type): string {
    switch (type.kind) {
      case "array":
        return `list<${this.#type(type.of)}>`;
      case "bytes":
        return "list<u8>";
      case "float":
        return `f${type.bytes * 8}`;
      case "pointer":
        return "u64";
      case "int":
        if (type.sense === "bool") return "bool";
        if (type.bytes === 16) return type.signed ? "tuple<u64, s64>" : "tuple<u64, u64>";
        return integer(type);
      case "enum":
        return type.values.length === 0 ? integer(type) : this.#names.of(type) ?? integer(type);
      case "record":
        return this.#names.of(type) ?? "list<u8>";
    }
  }
}

function integer(type: { bytes: number; signed: boolean }): string {
  return `${type.signed ? "s" : "u"}${type.bytes * 8}`;
}

/** `@32: 16 bytes, char[16]`; of a bit-field `@4.3: 5 bits`. */
function place(member: Member): string {
  const comment = inC(member.type);
  const tail = comment === "" ? "" : `, ${comment}`;
  const byte = Math.floor(member.bitOffset / 8);
  if (member.bits > 0) {
    return `@${byte}.${member.bitOffset % 8}: ${count(member.bits, "bit")}${tail}`;
  }
  return `@${byte}: ${count(member.bytes, "byte")}${lengths(member.type)}${tail}`;
}

function lengths(type: Type): string {
  const all: number[] = [];
  for (let at = type; at.kind === "array"; at = at.of) all.push(at.length);
  return all.length === 0 ? "" : `, [${all.join("][")}]`;
}
