/** Schemas of guests' records: a struct in the BTF of an object, or members as text. */
import { nearest } from "../ffi/nearest.ts";
import { Btf, ElfFile, isBtf, isElf } from "../ebpf/btf/mod.ts";
import { RecordsError } from "./errors.ts";
import type { RecordBtf } from "./output_sources.ts";
import type { Schema } from "./schema.ts";
import { schemaOf } from "./schema_btf.ts";
import { schemaFromText } from "./schema_text.ts";

/** Most bytes of a table's rows in one interval. */
export const MAX_TABLE_BYTES = 256 << 20;

/** Returns the error for a table with more rows than {@linkcode MAX_TABLE_BYTES}. */
export function tooManyRows(name: string): RecordsError {
  return new RecordsError(`Cannot show table "${name}": more than ${MAX_TABLE_BYTES >> 20} MiB`, {
    code: "BAD_RECORDS",
    hint: "flush it more often",
  });
}

/**
 * Checks that bytes are whole records.
 *
 * @throws {RecordsError} `BAD_RECORDS`
 */
export function checkWhole(records: Uint8Array, { name, size }: Schema): void {
  if (records.length % size === 0) return;
  throw new RecordsError(`Cannot show ${records.length} bytes as records of "${name}"`, {
    code: "BAD_RECORDS",
    hint: `write whole records of ${size} bytes`,
  });
}

/**
 * Returns the schema of a struct in an object's BTF, or the one that a text describes.
 *
 * @param types an object or BTF; empty for text
 * @param text name of the struct, or members
 * @throws {RecordsError} `BAD_SCHEMA`, `BAD_FORMAT`
 */
export function guestSchema(
  types: Uint8Array<ArrayBuffer>,
  text: string,
  source: string,
): { schema: Schema; type?: RecordBtf } {
  if (types.length === 0) return { schema: schemaFromText(text, source) };
  const btf = new Btf(btfIn(types, text));
  const name = text.replace(/^struct\s+/, "");
  const [id] = btf.find(name, (kind) => kind === STRUCT || kind === TYPEDEF);
  if (id === undefined) throw unknownStruct(btf, name);
  return { schema: schemaOf(btf, id), type: { btf, id } };
}

/** `BTF_KIND_*` of types that a schema may name. */
const STRUCT = 4;
const TYPEDEF = 8;

function btfIn(types: Uint8Array<ArrayBuffer>, text: string): Uint8Array<ArrayBuffer> {
  if (isBtf(types)) return types;
  const elf = isElf(types) ? new ElfFile(types) : undefined;
  const section = elf?.section(".BTF");
  if (elf === undefined || section === undefined) {
    throw new RecordsError(`Cannot find struct "${text}": the object has no BTF`, {
      code: "BAD_SCHEMA",
      hint: "compile it with -g",
    });
  }
  return elf.content(section);
}

function unknownStruct(btf: Btf, name: string): RecordsError {
  const names: string[] = [];
  for (let id = 1; id < btf.count && names.length < 4096; id++) {
    if (btf.kind(id) === STRUCT && btf.name(id) !== "") names.push(btf.name(id));
  }
  const close = nearest(name, names);
  return new RecordsError(`Cannot find struct "${name}" in the object's BTF`, {
    code: "BAD_SCHEMA",
    hint: `${close === undefined ? "" : `did you mean "${close}"? `}structs: ${
      names.slice(0, 40).join(", ")
    }`,
  });
}
