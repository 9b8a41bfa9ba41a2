/**
 * AssemblyScript: classes over memory. A class has no fields that the compiler could place otherwise;
 * every member is a load or store at its own offset.
 */
import { defineAll, type EmitContext, Output } from "./base.ts";
import { innermost, TypeNames } from "../hoist.ts";
import { byteOffset, count, inC, type Leaf, leavesOf, originalNameFirst } from "../leaves.ts";
import { bytesOf, dimensions } from "../lower.ts";
import type { EnumType, Model, RecordType, Type } from "../model.ts";
import { camel, identifier, Names, words } from "../names.ts";

const RESERVED = words(`
  abstract as any async await bool boolean break case catch class const constructor continue debugger
  declare default delete do else enum export extends f32 f64 false finally for from function get i16
  i32 i64 i8 if implements import in instanceof interface isize keyof let module namespace never new
  null number of operator override package private protected public readonly return set static string super
  switch symbol this throw true try type typeof u16 u32 u64 u8 undefined unknown usize v128 var void
  while with yield anyref externref funcref
`);

/** Members of every class, and words that the compiler does not accept as a member's name. */
const MEMBERS = words(`
  constructor SIZE at create address
  async await break case catch class const continue debugger default do else enum export extends false
  finally function if implements import in interface let new of override package private protected
  public return static super switch this throw true try typeof var while with yield
`);

/** Names of AssemblyScript's library that the file itself uses. */
const GLOBALS = words("String heap memory load store changetype unreachable getBits setBits");

const BIT_HELPERS = `
function getBits(at: usize, first: u32, count: u32): u64 {
  let bits: u64 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const bit = first + i;
    bits |= <u64>((load<u8>(at + (bit >> 3)) >> <u8>(bit & 7)) & 1) << i;
  }
  return bits;
}

function setBits(at: usize, first: u32, count: u32, value: u64): void {
  for (let i: u32 = 0; i < count; i++) {
    const bit = first + i;
    const mask = <u8>(1 << (bit & 7));
    const byte = load<u8>(at + (bit >> 3));
    store<u8>(at + (bit >> 3), (value >> i) & 1 ? byte | mask : byte & ~mask);
  }
}`;

/** The whole file. */
export function emitAssemblyScript(model: Model, { header }: EmitContext): string {
  const output = new Output();
  output.line(...header.map((line) => `// ${line}`.trimEnd()));
  new Classes(output, model).define();
  return output.toString();
}

/** The scope of a class's members. */
export function assemblyScriptMembers(): Names {
  return new Names(MEMBERS);
}

class Classes {
  readonly #output: Output;
  readonly #model: Model;
  readonly #scope = new Names(new Set([...RESERVED, ...GLOBALS]));
  readonly #names: TypeNames;
  #hasBits = false;

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
    if (this.#hasBits) this.#output.line(BIT_HELPERS);
  }

  #alias(name: string, of: Type): void {
    const wanted = camel(name);
    const scalar = scalarOf(of);
    const target = of.kind === "record" ? this.#names.of(of) : scalar;
    if (
      target === undefined || target === wanted ||
      (of.kind === "enum" && this.#names.of(of) === wanted)
    ) {
      return;
    }
    this.#output.line("", `export type ${this.#scope.claim(wanted)} = ${target};`);
  }

  #record(record: RecordType, what?: string): void {
    const name = this.#names.of(record);
    if (name === undefined) return;
    const original = originalNameFirst(record);
    this.#output.line(
      "",
      `/** ${what ?? original}, ${count(record.bytes, "byte")}. */`,
      "@unmanaged",
    );
    this.#output.line(`export class ${name} {`);
    this.#output.line(`\
  static readonly SIZE: usize = ${record.bytes};

  /** The value at an address; nothing is copied. */
  @inline
  static at(address: usize): ${name} {
    return changetype<${name}>(address);
  }

  /** A new value of zeros; \`heap.free(value.address)\` gives its memory back. */
  static create(): ${name} {
    const address = heap.alloc(${Math.max(1, record.bytes)});
    memory.fill(address, 0, ${record.bytes});
    return changetype<${name}>(address);
  }

  @inline
  get address(): usize {
    return changetype<usize>(this);
  }`);
    const scope = assemblyScriptMembers();
    const leaves = leavesOf(record, { scope, style: identifier });
    for (const leaf of leaves) this.#accessors(leaf, scope);
    this.#output.line("}");
  }

  #accessors(leaf: Leaf, scope: Names): void {
    const offset = byteOffset(leaf);
    const comment = inC(leaf.type);
    if (leaf.bits > 0) {
      if (leaf.bits <= 64) this.#bitAccessors(leaf);
      return;
    }
    const scalar = scalarOf(leaf.type);
    if (scalar !== undefined) {
      const doc = comment === "" ? "" : `\n  /** \`${comment}\` */`;
      if (scalar === "bool") return this.#boolAccessors(leaf.name, offset);
      this.#output.line(`${doc}
  @inline
  get ${leaf.name}(): ${scalar} {
    return load<${scalar}>(changetype<usize>(this), ${offset});
  }
  @inline
  set ${leaf.name}(value: ${scalar}) {
    store<${scalar}>(changetype<usize>(this), value, ${offset});
  }`);
      return;
    }
    const record = leaf.type.kind === "record" ? this.#names.of(leaf.type) : undefined;
    if (record !== undefined) {
      this.#output.line(`
  @inline
  get ${leaf.name}(): ${record} {
    return changetype<${record}>(changetype<usize>(this) + ${offset});
  }`);
      return;
    }
    this.#output.line(`
  /** Where its ${count(leaf.bytes, "byte")} are${comment === "" ? "" : `: \`${comment}\``}. */
  @inline
  get ${leaf.name}(): usize {
    return changetype<usize>(this) + ${offset};
  }`);
    if (leaf.type.kind === "array") this.#elements(leaf, scope);
  }

  #boolAccessors(name: string, offset: number): void {
    this.#output.line(`
  @inline
  get ${name}(): bool {
    return load<u8>(changetype<usize>(this), ${offset}) != 0;
  }
  @inline
  set ${name}(value: bool) {
    store<u8>(changetype<usize>(this), value ? 1 : 0, ${offset});
  }`);
  }

  #elements(leaf: Leaf, scope: Names): void {
    if (leaf.type.kind !== "array") return;
    const { of, lengths } = dimensions(leaf.type);
    const step = bytesOf(of);
    const names = lengths.map((_, i) => lengths.length === 1 ? "index" : `i${i}`);
    const parameters = names.map((name) => `${name}: i32`).join(", ");
    // A flexible array's length is not here.
    const checks = names.flatMap((name, i) =>
      (lengths[i] ?? 0) > 0 ? [`    if (<u32>${name} >= ${lengths[i]}) unreachable();`] : []
    );
    const index = names.slice(1).reduce(
      (text, name, i) => `(${text}) * ${lengths[i + 1]} + <usize>${name}`,
      `<usize>${names[0]}`,
    );
    const place = `changetype<usize>(this) + (${index}) * ${step}`;
    const offset = byteOffset(leaf);
    const at = scope.claim(`${leaf.name}_at`);
    const scalar = scalarOf(of);
    const record = of.kind === "record" ? this.#names.of(of) : undefined;
    if (scalar !== undefined) {
      const setter = scope.claim(`set_${at}`);
      this.#output.line("", `  ${at}(${parameters}): ${scalar} {`, ...checks);
      this.#output.line(`    return load<${scalar}>(${place}, ${offset});`, "  }");
      this.#output.line("", `  ${setter}(${parameters}, value: ${scalar}): void {`, ...checks);
      this.#output.line(`    store<${scalar}>(${place}, value, ${offset});`, "  }");
    } else {
      const type = record ?? "usize";
      this.#output.line("", `  ${at}(${parameters}): ${type} {`, ...checks);
      this.#output.line(`    return changetype<${type}>(${place} + ${offset});`, "  }");
    }
    if (of.kind === "int" && of.sense === "char" && lengths.length === 1 && leaf.bytes > 0) {
      this.#output.line(`
  /** Its text, up to the first NUL. */
  get ${scope.claim(`${leaf.name}_text`)}(): string {
    let length: usize = 0;
    while (length < ${leaf.bytes} && load<u8>(changetype<usize>(this) + length, ${offset}) != 0) length++;
    return String.UTF8.decodeUnsafe(changetype<usize>(this) + ${offset}, length);
  }`);
    }
  }

  #bitAccessors(leaf: Leaf): void {
    this.#hasBits = true;
    const type = scalarOf(leaf.type) ?? "u64";
    const inner = innermost(leaf.type);
    const signed = (inner.kind === "int" || inner.kind === "enum") && inner.signed;
    const got = `getBits(changetype<usize>(this), ${leaf.bitOffset}, ${leaf.bits})`;
    const shift = 64 - leaf.bits;
    const value = signed ? `<${type}>(<i64>(${got} << ${shift}) >> ${shift})` : `<${type}>${got}`;
    this.#output.line(`
  /** ${count(leaf.bits, "bit")}. */
  get ${leaf.name}(): ${type} {
    return ${value};
  }
  set ${leaf.name}(value: ${type}) {
    setBits(changetype<usize>(this), ${leaf.bitOffset}, ${leaf.bits}, <u64>value);
  }`);
  }

  #enum(type: EnumType): void {
    if (type.values.length === 0) return;
    const integer = `${type.signed ? "i" : "u"}${type.bytes * 8}`;
    this.#output.line("", `// ${originalNameFirst(type)}`);
    for (const { name: enumerator, value } of type.values) {
      const constant = this.#scope.claim(identifier(enumerator));
      const text = value === -(1n << 63n) ? "i64.MIN_VALUE" : String(value);
      this.#output.line(`export const ${constant}: ${integer} = ${text};`);
    }
  }
}

/** AssemblyScript's word for what one load gives; undefined for records, arrays and wider numbers. */
function scalarOf(type: Type): string | undefined {
  switch (type.kind) {
    case "pointer":
      return "u64";
    case "float":
      return `f${type.bytes * 8}`;
    case "int":
      if (type.bytes === 16) return undefined;
      if (type.sense === "bool") return "bool";
      if (type.sense === "char") return "u8";
      return `${type.signed ? "i" : "u"}${type.bytes * 8}`;
    case "enum":
      return `${type.signed ? "i" : "u"}${type.bytes * 8}`;
    default:
      return undefined;
  }
}
