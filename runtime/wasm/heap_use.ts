/**
 * Refuses modules that fill V8's own heap. Running out of it ends the whole process, with every other
 * guest in it, and no limit of memory applies there: linear memory is elsewhere.
 *
 * On that heap are structs and arrays of the garbage collection proposal, exceptions for as long as
 * something refers to them, tables, and the types of every module that the process has ever compiled.
 */
import {
  type DeclaredTable,
  readReferenceKind,
  readTables,
  skipExpression,
} from "./declarations.ts";
import { skipType } from "./instructions.ts";
import { Reader, readSections, Section, WasmSyntaxError } from "./reader.ts";

/** Reason for a refusal. */
export class HeapUseError extends Error {
  override name = "HeapUseError";
  /** True if permission to use V8's heap lifts the refusal. */
  readonly isGarbageCollected: boolean;

  constructor(message: string, { isGarbageCollected }: { isGarbageCollected: boolean }) {
    super(message);
    this.isGarbageCollected = isGarbageCollected;
  }
}

/** Bytes that V8 14 takes for an entry, and for a table without entries; measured. */
const ENTRY_BYTES = { function: 24, external: 8, heap: 8 } as const;
const TABLE_BYTES = 450;
/** Entries that V8 allows in one table. */
export const MAX_TABLE_ENTRIES = 10_000_000;
/** Limit for tables without a memory limit: two that V8 lets grow to their maximum. */
export const MAX_TABLE_BYTES = 512 * 1024 * 1024;

/** The largest programs of C++ have some 2,000. */
const MAX_TYPES = 4096;
/** Types that are not the same, in the whole process: V8 ends it at a million. */
const MAX_PROCESS_TYPES = 500_000;
/** Parameters of an exception, each up to 32 bytes; a stack of 1 MB refers to 125,000 exceptions. */
const MAX_TAG_PARAMETERS = 16;
/** Bytes of all element segments: an entry is at least one. */
const MAX_ELEMENT_BYTES = 10_000_000;

const FUNC = 0x60;
const SUB = 0x50;
const SUB_FINAL = 0x4f;
const REC = 0x4e;
/** Arrays and structs. */
const GC_FORMS = new Set([0x5e, 0x5f]);
/** A call has room for that many arguments. */
const MAX_PLAIN_TYPE = 256;

/** Of every module so far, each kind once: V8 does the same, and never forgets one. */
const processTypes = new Set<string>();
let processTypeCount = 0;

/** A module's share of V8's heap. */
export interface HeapUse {
  /** True if it may have structs, arrays and the like, which nothing bounds. */
  readonly allowGc: boolean;
  /** Bytes that its tables can take as declared. */
  readonly tableBytes: number;
}

/** Bytes that a table takes with that many entries. */
export function tableBytes({ kind }: Pick<DeclaredTable, "kind">, entries: number): number {
  return TABLE_BYTES + entries * ENTRY_BYTES[kind];
}

/** Bytes of an entry. */
export function entryBytes({ kind }: Pick<DeclaredTable, "kind">): number {
  return ENTRY_BYTES[kind];
}

/**
 * Reads what a module would put on V8's heap, before V8 compiles it.
 *
 * @throws {HeapUseError} for what can take unbounded memory there
 * @throws {WasmSyntaxError} for a damaged module, or one of an unknown proposal
 */
export function checkHeapUse(bytes: Uint8Array, { allowGc }: { allowGc: boolean }): HeapUse {
  let parameters: readonly number[] = [];
  let most = 0;
  for (const { id, start, end } of readSections(bytes)) {
    const reader = new Reader(bytes, start, end);
    if (id === Section.Table) most = checkTables(readTables(reader), allowGc);
    if (id === Section.Element && end - start > MAX_ELEMENT_BYTES) {
      refuseSize(`element segments of ${end - start} bytes`, `${MAX_ELEMENT_BYTES}`);
    }
    if (allowGc) continue;
    if (id === Section.Type) parameters = checkTypes(reader);
    if (id === Section.Global) reader.each(() => checkGlobal(reader));
    if (id === Section.Tag) reader.each(() => checkTag(reader, parameters));
  }
  return { allowGc, tableBytes: most };
}

/** Returns the number of parameters of each type. */
function checkTypes(reader: Reader): number[] {
  const parameters: number[] = [];
  const groups = new Map<string, number>();
  reader.each(() => {
    const [start, before] = [reader.at, parameters.length];
    if (reader.bytes[start] === REC) {
      reader.skip(1);
      reader.each(() => parameters.push(checkType(reader)));
    } else {
      parameters.push(checkType(reader));
    }
    if (parameters.length > MAX_TYPES) refuseSize("more types", `${MAX_TYPES}`);
    groups.set(textOf(reader.bytes.subarray(start, reader.at)), parameters.length - before);
  });
  countProcessTypes(groups);
  return parameters;
}

/** A decoder is slow to make, and types are short. */
function textOf(bytes: Uint8Array): string {
  return bytes.length <= MAX_PLAIN_TYPE
    ? String.fromCharCode(...bytes)
    : new TextDecoder("latin1").decode(bytes);
}

function countProcessTypes(groups: ReadonlyMap<string, number>): void {
  const added = [...groups].filter(([text]) => !processTypes.has(text));
  const count = added.reduce((sum, [, types]) => sum + types, 0);
  if (processTypeCount + count > MAX_PROCESS_TYPES) {
    throw new HeapUseError(
      `V8 keeps every type of every module, and this process has compiled ${processTypeCount}`,
      { isGarbageCollected: false },
    );
  }
  for (const [text] of added) processTypes.add(text);
  processTypeCount += count;
}

/** Returns the number of parameters. */
function checkType(reader: Reader): number {
  let form = reader.u8();
  if (form === SUB || form === SUB_FINAL) {
    reader.each(() => reader.u32());
    form = reader.u8();
  }
  if (GC_FORMS.has(form)) refuseGc("structs or arrays");
  if (form !== FUNC) throw new WasmSyntaxError(`type form 0x${form.toString(16)} is not known`);
  let parameters = 0;
  reader.each(() => {
    parameters += 1;
    skipType(reader);
  });
  reader.each(() => skipType(reader));
  return parameters;
}

/** Returns the bytes that tables can take. */
function checkTables(tables: readonly DeclaredTable[], allowGc: boolean): number {
  return tables.reduce((sum, table) => {
    if (table.kind === "heap" && !allowGc) refuseGc("a table of references to V8's heap");
    return sum + tableBytes(table, Math.min(table.maximum ?? Infinity, MAX_TABLE_ENTRIES));
  }, 0);
}

function checkGlobal(reader: Reader): void {
  if (readReferenceKind(reader) === "heap") refuseGc("a global that refers to V8's heap");
  reader.skip(1);
  skipExpression(reader);
}

function checkTag(reader: Reader, parameters: readonly number[]): void {
  reader.skip(1);
  const count = parameters[reader.u32()] ?? 0;
  if (count > MAX_TAG_PARAMETERS) refuseGc(`exceptions with ${count} values`);
}

function refuseGc(what: string): never {
  throw new HeapUseError(`it has ${what}, which no limit of memory bounds`, {
    isGarbageCollected: true,
  });
}

function refuseSize(what: string, limit: string): never {
  throw new HeapUseError(`it has ${what}; the limit is ${limit}`, { isGarbageCollected: false });
}
