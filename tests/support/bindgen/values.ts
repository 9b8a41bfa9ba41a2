/**
 * Programs that read every value of a record through what `gen` made, in each language, and through the
 * original type in C. All write the same list: numbers of 64 bits, in the order of the members.
 */
import { assemblyScriptMembers } from "../../../bindgen/emit/assemblyscript.ts";
import { rustMembers } from "../../../bindgen/emit/rust.ts";
import { innermost, type TypeNames } from "../../../bindgen/hoist.ts";
import { type Leaf, leavesOf } from "../../../bindgen/leaves.ts";
import { dimensions } from "../../../bindgen/lower.ts";
import type { Model, RecordType, Type } from "../../../bindgen/model.ts";
import { camel, identifier, Names } from "../../../bindgen/names.ts";

/** The records that readers are made for: with a name in C. */
export function namedRecords(model: Model): RecordType[] {
  return model.types.filter((type): type is RecordType =>
    type.kind === "record" && type.name !== "" && !type.hinted
  );
}

/** Those of them that fit a reader's input. */
export function readRecords(model: Model): RecordType[] {
  return namedRecords(model).filter(({ bytes }) => bytes <= 1 << 15);
}

/** Returns C's name of a record. */
export function cName(record: RecordType): string {
  return record.typedef ? record.name : `${record.form} ${record.name}`;
}

function leaves(record: RecordType, scope = new Names()): Leaf[] {
  return leavesOf(record, { scope, style: identifier })
    .filter(({ type, bits }) => isReadable(type) && bits <= 64);
}

function isReadable(type: Type): boolean {
  if (type.kind === "array") {
    return dimensions(type).lengths.every((n) => n > 0) && isReadable(type.of);
  }
  return type.kind !== "bytes";
}

/** Syntax of a language for parts of readers. */
interface Dialect {
  loop(variable: string, length: number, body: string): string;
  /** Puts one value; `signed` is of the value's type. */
  put(value: string, type: Type): string;
  index(array: string, variables: readonly string[]): string;
}

/** Loops over an array's elements; `body` is given what names an element. */
function eachElement(
  type: Type,
  array: string,
  { dialect, depth, body }: {
    dialect: Dialect;
    depth: number;
    body: (element: string, type: Type, depth: number) => string;
  },
): string {
  if (type.kind !== "array") return body(array, type, depth);
  const { of, lengths } = dimensions(type);
  const variables = lengths.map((_, i) => `i${depth + i}`);
  const element = dialect.index(array, variables);
  const inner = body(element, of, depth + lengths.length);
  return lengths.reduceRight(
    (text, length, i) => dialect.loop(variables[i] ?? "", length, text),
    inner,
  );
}

const C: Dialect = {
  loop: (i, length, body) => `for (int ${i} = 0; ${i} < ${length}; ${i}++) { ${body} }`,
  put(value, type) {
    if (type.kind === "float") return `put_f${type.bytes * 8}(${value});`;
    if (type.kind === "int" && type.sense === "char") return `put((unsigned char)(${value}));`;
    if (type.kind === "int" && type.bytes === 16) {
      return `put((uint64_t)(${value})); put((uint64_t)((unsigned __int128)(${value}) >> 64));`;
    }
    return `put((uint64_t)(${value}));`;
  },
  index: (array, variables) => array + variables.map((i) => `[${i}]`).join(""),
};

/** The body of C's readers; the same text for the original types and for the emitted ones. */
export function cReaders(
  records: readonly RecordType[],
  { prefix, scope }: { prefix: string; scope: () => Names },
): string {
  const numbers = new Map(records.map((record, i) => [record, i]));
  const value = (place: string, type: Type, depth: number): string => {
    if (type.kind !== "record") return C.put(place, type);
    const number = numbers.get(type);
    if (number !== undefined) return `${prefix}${number}(&${place});`;
    return body(type, `${place}.`, depth);
  };
  const body = (record: RecordType, path: string, depth: number): string =>
    leaves(record, scope()).map((leaf) =>
      eachElement(leaf.type, path + leaf.name, { dialect: C, depth, body: value })
    ).join("\n\t");
  return records.map((record, i) =>
    `static void ${prefix}${i}(const void *at)\n{\n\tconst ${
      cName(record)
    } *p = at;\n\n\t(void)p;\n\t${body(record, "p->", 0)}\n}`
  ).join("\n");
}

/** Start of every C program of readers. */
export const C_PROLOGUE = `
#include <stdint.h>
#include <string.h>
static unsigned char input[1 << 16];
static uint64_t output[1 << 16];
static unsigned count;
unsigned char *get_input(void) { return input; }
uint64_t *get_output(void) { return output; }
static void put(uint64_t value) { output[count++] = value; }
__attribute__((unused)) static void put_f32(float f) { uint32_t bits; memcpy(&bits, &f, 4); put(bits); }
__attribute__((unused)) static void put_f64(double f) { uint64_t bits; memcpy(&bits, &f, 8); put(bits); }
`;

/** The function that calls reader `which`. */
export function cMain(readers: readonly string[]): string {
  const cases = readers.map((name, i) => `case ${i}: ${name}(input); break;`).join("\n\t");
  return `unsigned run(unsigned which) {\n\tcount = 0;\n\tswitch (which) {\n\t${cases}\n\t}\n\treturn count;\n}\n`;
}

/** The records of an object that a language has types for, anonymous ones included. */
export function typedRecords(model: Model, names: TypeNames): RecordType[] {
  return model.types.filter((type): type is RecordType =>
    type.kind === "record" && names.of(type) !== undefined
  );
}

const RUST: Dialect = {
  loop: (i, length, body) => `for ${i} in 0..${length}usize { ${body} }`,
  put(value, type) {
    if (type.kind === "float") return `put(${value}.to_bits() as u64);`;
    if (type.kind === "int" && type.bytes === 16) {
      return `{ let w = ${value}; put(w[0] as u64); put(w[1] as u64); }`;
    }
    return `put(${value} as u64);`;
  },
  index: (array, variables) => array + variables.map((i) => `[${i}]`).join(""),
};

/** Rust's readers, inside of the module that holds the types. */
export function rustReaders(model: Model, names: TypeNames): string {
  const functions = typedRecords(model, names).map((record) => {
    const name = names.of(record);
    let anonymous = 0;
    const scope = rustMembers();
    const lines = record.members.map((member) => {
      const field = scope.claim(
        member.name === "" ? `anon${++anonymous}` : identifier(member.name),
      );
      if (!isReadable(member.type) || member.bits > 64) return "";
      const enumName = (type: Type) => type.kind === "enum" && names.of(type) !== undefined;
      const body = (place: string, type: Type): string => {
        if (type.kind !== "record") return RUST.put(enumName(type) ? `${place}.0` : place, type);
        return `{ let r = ${place}; read_${names.of(type)}(&r as *const _ as *const u8); }`;
      };
      if (member.bits > 0) return body(`v.${field}()`, member.type);
      return eachElement(member.type, `v.${field}`, { dialect: RUST, depth: 0, body });
    });
    return `#[allow(dead_code)]
pub unsafe fn read_${name}(at: *const u8) {
    let v = core::ptr::read_unaligned(at as *const ${name});
    let _ = v;
    ${lines.join("\n    ")}
}`;
  });
  return functions.join("\n");
}

/** Start of every Rust crate of readers. */
export const RUST_PROLOGUE = `#![allow(non_snake_case, unused_unsafe)]
static mut INPUT: [u8; 1 << 16] = [0; 1 << 16];
static mut OUTPUT: [u64; 1 << 16] = [0; 1 << 16];
static mut COUNT: usize = 0;
pub unsafe trait Plain: Copy + 'static {}
pub fn put(value: u64) { unsafe { OUTPUT[COUNT] = value; COUNT += 1; } }
#[no_mangle] pub extern "C" fn get_input() -> *const u8 { unsafe { INPUT.as_ptr() } }
#[no_mangle] pub extern "C" fn get_output() -> *const u64 { unsafe { OUTPUT.as_ptr() } }
`;

/** Calls reader `which`. */
export function rustMain(readers: readonly string[]): string {
  const cases = readers.map((name, i) => `${i} => ${name}(INPUT.as_ptr()),`).join("\n        ");
  return `#[no_mangle] pub extern "C" fn run(which: u32) -> u32 {
    unsafe { COUNT = 0; match which {
        ${cases}
        _ => {}
    } COUNT as u32 }
}`;
}

const GO: Dialect = {
  loop: (i, length, body) => `for ${i} := 0; ${i} < ${length}; ${i}++ { ${body} }`,
  put(value, type) {
    if (type.kind === "float") return `put(uint64(math.Float${type.bytes * 8}bits(${value})))`;
    if (type.kind === "int" && type.bytes === 16) return `put(${value}[0]); put(${value}[1])`;
    return `put(uint64(${value}))`;
  },
  index: (array, variables) => array + variables.map((i) => `[${i}]`).join(""),
};

/** Returns Go's readers; `emitted` shows which members are methods. */
export function goReaders(model: Model, names: TypeNames, emitted: string): string {
  return typedRecords(model, names).map((record) => {
    const name = names.of(record) ?? "";
    const all = leavesOf(record, { scope: new Names(new Set(["Bytes"])), style: camel });
    const lines = all.filter(({ type, bits }) => isReadable(type) && bits <= 64).map((leaf) => {
      const isMethod = emitted.includes(`func (v *${name}) ${leaf.name}() *`);
      const body = (place: string, type: Type): string =>
        type.kind === "record" ? `read${names.of(type)}(&${place})` : GO.put(place, type);
      if (leaf.bits > 0) return body(`v.${leaf.name}()`, leaf.type);
      const place = isMethod ? `(*v.${leaf.name}())` : `v.${leaf.name}`;
      return eachElement(leaf.type, place, { dialect: GO, depth: 0, body });
    });
    return `func read${name}(v *${name}) {\n\t${lines.join("\n\t")}\n}`;
  }).join("\n\n");
}

const AS: Dialect = {
  loop: (i, length, body) => `for (let ${i}: i32 = 0; ${i} < ${length}; ${i}++) { ${body} }`,
  put(value, type) {
    if (type.kind === "float") return `put(<u64>reinterpret<u${type.bytes * 8}>(${value}));`;
    if (type.kind === "int" && type.bytes === 16) {
      return `put(load<u64>(${value})); put(load<u64>(${value}, 8));`;
    }
    if (type.kind === "int" && type.sense === "bool") return `put(${value} ? 1 : 0);`;
    const isSigned = (type.kind === "int" || type.kind === "enum") && type.signed;
    return `put(<u64>${isSigned ? "<i64>" : ""}(${value}));`;
  },
  index: (array, variables) => `${array}_at(${variables.join(", ")})`,
};

/** AssemblyScript's readers. */
export function assemblyScriptReaders(model: Model, names: TypeNames): string {
  return typedRecords(model, names).map((record) => {
    const name = names.of(record) ?? "";
    const lines = leaves(record, assemblyScriptMembers()).map((leaf) => {
      const isBool = (type: Type) => type.kind === "int" && type.sense === "bool";
      const body = (place: string, type: Type): string => {
        if (type.kind === "record") return `read${names.of(type)}(${place}.address);`;
        return isBool(type) && leaf.bits > 0 ? `put(${place} ? 1 : 0);` : AS.put(place, type);
      };
      return eachElement(leaf.type, `v.${leaf.name}`, { dialect: AS, depth: 0, body });
    });
    return `export function read${name}(at: usize): void {
  const v = ${name}.at(at);
  ${lines.join("\n  ")}
}`;
  }).join("\n\n");
}

/** Converts a decoded record of TypeScript's reader to the list of values. */
export function flattenDecoded(record: RecordType, decoded: Record<string, unknown>): unknown[] {
  return leaves(record).flatMap((leaf) => flattenValue(leaf.type, decoded[leaf.original]));
}

function flattenValue(type: Type, value: unknown): unknown[] {
  if (type.kind === "record") return flattenDecoded(type, value as Record<string, unknown>);
  if (type.kind !== "array") return [value];
  if (typeof value === "string") return [value];
  return Array.from(value as Iterable<unknown>).flatMap((element) =>
    flattenValue(type.of, element)
  );
}

/** Converts the list of numbers to a record as TypeScript's reader decodes it. */
export function expectDecoded(record: RecordType, numbers: Iterator<bigint>): unknown[] {
  return leaves(record).flatMap((leaf) => expectValue(leaf.type, numbers));
}

function expectValue(type: Type, numbers: Iterator<bigint>): unknown[] {
  if (type.kind === "record") return expectDecoded(type, numbers);
  if (type.kind === "array") {
    const length = type.length;
    if (type.of.kind === "int" && type.of.sense === "char") {
      const bytes = Array.from({ length }, () => Number(numbers.next().value));
      const end = bytes.indexOf(0);
      return [new TextDecoder().decode(new Uint8Array(end < 0 ? bytes : bytes.slice(0, end)))];
    }
    return Array.from({ length }).flatMap(() => expectValue(type.of, numbers));
  }
  const bits: bigint = numbers.next().value;
  if (type.kind === "float") return [floatOf(bits, type.bytes)];
  if (type.kind === "pointer") return [bits];
  if (type.kind !== "int" && type.kind !== "enum") return [bits];
  if (type.kind === "int" && type.sense === "bool") return [bits !== 0n];
  if (type.bytes === 16) {
    const high: bigint = numbers.next().value;
    const whole = bits | (high << 64n);
    return [type.signed ? BigInt.asIntN(128, whole) : whole];
  }
  const isText = type.kind === "int" && type.sense === "char";
  const value = type.signed ? BigInt.asIntN(isText ? 8 : 64, bits) : bits;
  return [type.bytes === 8 ? value : Number(value)];
}

function floatOf(bits: bigint, bytes: 4 | 8): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits, true);
  return bytes === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true);
}

/** Makes `_Bool`s of random bytes 0 or 1: C reads no others. */
export function tameBools(record: RecordType, bytes: Uint8Array, base = 0): void {
  for (const member of record.members) {
    if (member.bits > 0) continue;
    const inner = innermost(member.type);
    const at = base + member.bitOffset / 8;
    const step = inner.kind === "record" || inner.kind === "int" ? inner.bytes : 0;
    if (step === 0) continue;
    for (let offset = at; offset < at + member.bytes; offset += step) {
      if (inner.kind === "record") tameBools(inner, bytes, offset);
      else if (inner.kind === "int" && inner.sense === "bool") {
        bytes[offset] = (bytes[offset] ?? 0) & 1;
      }
    }
  }
}
