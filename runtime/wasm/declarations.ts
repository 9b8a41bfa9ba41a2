/** The memories and tables that a module declares, as its binary has them. */
import { skipInstruction, skipType } from "./instructions.ts";
import { type Reader, WasmSyntaxError } from "./reader.ts";

const HAS_MAX = 1;
/** Shared, and with 64-bit addresses; both of memories and of tables. */
const KNOWN_FLAGS = 7;
const END = 0x0b;
/** `0x40 0x00` in front of a table's type: an expression for its entries follows. */
const WITH_INITIAL_VALUE = 0x40;

const FUNCTION_HEAP_TYPES = new Set([0x70, 0x73]);
const EXTERNAL_HEAP_TYPES = new Set([0x6f, 0x72]);
const REF_NULL = 0x63;
const REF = 0x64;

/** Minimum and maximum of a memory or table: pages or entries. */
export interface Declared {
  readonly flags: number;
  readonly initial: number;
  /** Absent without a maximum. */
  readonly maximum?: number;
}

/** Kind of reference: to a function, to a value of the host, or to something on V8's heap. */
export type ReferenceKind = "function" | "external" | "heap";

/** A declared table. */
export interface DeclaredTable extends Declared {
  readonly kind: ReferenceKind;
  /** Offset of its limits in the module, and of the byte after them. */
  readonly limits: { readonly start: number; readonly end: number };
}

/** Reads limits: numbers above 2^53 lose precision, which no limit comes near. */
export function readLimits(reader: Reader): Declared {
  const flags = reader.u8();
  if (flags > KNOWN_FLAGS) throw new WasmSyntaxError(`limits with flags ${flags}`);
  const initial = Number(reader.u64());
  return flags & HAS_MAX ? { flags, initial, maximum: Number(reader.u64()) } : { flags, initial };
}

/** Returns what a value type refers to; `undefined` for a number or vector. */
export function readReferenceKind(reader: Reader): ReferenceKind | undefined {
  const start = reader.at;
  const first = reader.u8();
  reader.at = start;
  skipType(reader);
  if (first >= 0x7b && first <= 0x7f) return undefined;
  if (first !== REF && first !== REF_NULL) return kindOf(first);
  const heap = new HeapType(reader, start + 1);
  // A type by index: of a function, or else it is refused where it is declared.
  return heap.isIndex ? "function" : kindOf(heap.byte);
}

class HeapType {
  readonly byte: number;
  readonly isIndex: boolean;

  constructor({ bytes }: Reader, at: number) {
    this.byte = bytes[at] ?? 0;
    this.isIndex = (this.byte & 0x80) !== 0 || this.byte < 0x40;
  }
}

function kindOf(heapType: number): ReferenceKind {
  if (FUNCTION_HEAP_TYPES.has(heapType)) return "function";
  return EXTERNAL_HEAP_TYPES.has(heapType) ? "external" : "heap";
}

/** Reads the tables of a table section. */
export function readTables(reader: Reader): DeclaredTable[] {
  const tables: DeclaredTable[] = [];
  reader.each(() => {
    const hasValue = reader.bytes[reader.at] === WITH_INITIAL_VALUE;
    if (hasValue) reader.skip(2);
    const kind = readReferenceKind(reader) ?? "heap";
    const start = reader.at;
    const declared = readLimits(reader);
    tables.push({ ...declared, kind, limits: { start, end: reader.at } });
    if (hasValue) skipExpression(reader);
  });
  return tables;
}

/** Passes over a constant expression. */
export function skipExpression(reader: Reader): void {
  while (skipInstruction(reader) !== END);
}
