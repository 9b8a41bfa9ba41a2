/** Types of a module's imported functions, which JavaScript's interface does not expose. */
import {
  type Reader,
  readSections,
  Section,
  type SectionBytes,
  sectionReader,
  WasmSyntaxError,
} from "./reader.ts";

/** A function a module imports. */
export interface FunctionImport {
  readonly module: string;
  readonly name: string;
  /** As in WebAssembly's specification: `(i32, i64) -> i32`. */
  readonly type: string;
}

const VALUE_TYPES = new Map([
  [0x7f, "i32"],
  [0x7e, "i64"],
  [0x7d, "f32"],
  [0x7c, "f64"],
  [0x7b, "v128"],
  [0x78, "i8"],
  [0x77, "i16"],
  [0x70, "funcref"],
  [0x6f, "externref"],
]);

const REF_NULL = 0x63;
const REF = 0x64;
const FUNC = 0x60;
const STRUCT = 0x5f;
const ARRAY = 0x5e;
const SUB = 0x50;
const SUB_FINAL = 0x4f;
const REC = 0x4e;
/** Shared and described types, of proposals, are not known here. */
const ABSTRACT_FIRST = 0x68;
const ABSTRACT_LAST = 0x74;

function valueType(reader: Reader): string {
  const byte = reader.u8();
  const name = VALUE_TYPES.get(byte);
  if (name !== undefined) return name;
  if (byte === REF || byte === REF_NULL) {
    reader.skipLeb();
    return "ref";
  }
  if (byte >= ABSTRACT_FIRST && byte <= ABSTRACT_LAST) return "ref";
  throw new WasmSyntaxError(`value type 0x${byte.toString(16)} is not known`);
}

function valueTypes(reader: Reader): string[] {
  const types: string[] = [];
  reader.each(() => types.push(valueType(reader)));
  return types;
}

function fieldType(reader: Reader): void {
  valueType(reader);
  reader.u8();
}

/** One type: of a function as text, else `""`. */
function compositeType(reader: Reader): string {
  const form = reader.u8();
  switch (form) {
    case FUNC: {
      const parameters = valueTypes(reader);
      const results = valueTypes(reader);
      return formatType(parameters, results);
    }
    case STRUCT:
      reader.each(() => fieldType(reader));
      return "";
    case ARRAY:
      fieldType(reader);
      return "";
    case SUB:
    case SUB_FINAL:
      reader.each(() => reader.u32());
      return compositeType(reader);
    default:
      throw new WasmSyntaxError(`type form 0x${form.toString(16)} is not known`);
  }
}

/** A function type as text. */
export function formatType(parameters: readonly string[], results: readonly string[]): string {
  const result = results.length === 1 ? results[0] : `(${results.join(", ")})`;
  return `(${parameters.join(", ")}) -> ${result}`;
}

function readTypes(reader: Reader): string[] {
  const types: string[] = [];
  reader.each(() => {
    if (reader.bytes[reader.at] === REC) {
      reader.u8();
      reader.each(() => types.push(compositeType(reader)));
    } else {
      types.push(compositeType(reader));
    }
  });
  return types;
}

/** Counts a module's types, including each of a recursive group. */
export function countTypes(bytes: Uint8Array, sections: readonly SectionBytes[]): number {
  const reader = sectionReader(bytes, sections, Section.Type);
  return reader === undefined ? 0 : readTypes(reader).length;
}

/** Limits of a memory or table. */
function skipLimits(reader: Reader): void {
  const flags = reader.u8();
  reader.skipLeb();
  if (flags & 1) reader.skipLeb();
}

function skipImport(reader: Reader, kind: number): void {
  switch (kind) {
    case 1:
      valueType(reader);
      return skipLimits(reader);
    case 2:
      return skipLimits(reader);
    case 3:
      valueType(reader);
      reader.skip(1);
      return;
    case 4:
      reader.skip(1);
      reader.u32();
      return;
    default:
      throw new WasmSyntaxError(`import kind ${kind} is not known`);
  }
}

/**
 * Returns the functions that a module imports, with their types.
 *
 * @throws {WasmSyntaxError} if it is not a core module, or has types of unsupported proposals
 */
export function functionImports(bytes: Uint8Array): FunctionImport[] {
  const sections = readSections(bytes);
  const typeReader = sectionReader(bytes, sections, Section.Type);
  const types = typeReader === undefined ? [] : readTypes(typeReader);
  const found: FunctionImport[] = [];
  const reader = sectionReader(bytes, sections, Section.Import);
  reader?.each(() => {
    const module = reader.name();
    const name = reader.name();
    const kind = reader.u8();
    if (kind !== 0) return skipImport(reader, kind);
    const type = types[reader.u32()];
    if (!type) throw new WasmSyntaxError(`import "${name}" has no function type`);
    found.push({ module, name, type });
  });
  return found;
}
