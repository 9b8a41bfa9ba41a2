/** Shares a limit of memory among a module's memories and tables. */
import { type Declared, type DeclaredTable, readLimits, readTables } from "./declarations.ts";
import { entryBytes, MAX_TABLE_ENTRIES, tableBytes } from "./heap_use.ts";
import { skipInstruction, skipType } from "./instructions.ts";
import { Reader, Section, type SectionBytes, sectionReader, WasmSyntaxError } from "./reader.ts";

export const PAGE_BYTES = 65536;
const MAX_PAGES = 65536;
/** Of what is left above the start, the part for tables of modules that grow them: an eighth. */
const TABLES_PART = 8;
const BULK_PREFIX = 0xfc;
const TABLE_GROW = 15;

/** A module begins with more memory than it may have. */
export class MemoryLimitError extends Error {
  override name = "MemoryLimitError";
  /** Size of its memories and tables at the start. */
  readonly bytes: number;

  constructor(bytes: number) {
    super(`the module begins with ${bytes} bytes`);
    this.bytes = bytes;
  }
}

/** Maxima in place of those declared. */
export interface MemoryPlan {
  /** Pages of each memory. */
  readonly memories: readonly number[];
  readonly tables: readonly { readonly table: DeclaredTable; readonly maximum: number }[];
}

/**
 * Finds maxima that keep the sum of all memories and tables below `maxBytes`, rounded up to a page.
 *
 * V8 limits each but not their sum: the rest above the minimum is divided among them.
 *
 * @throws {MemoryLimitError} if the minimum exceeds the limit
 */
export function planMemory(
  bytes: Uint8Array,
  sections: readonly SectionBytes[],
  maxBytes: number,
): MemoryPlan {
  const memories: Declared[] = [];
  const memoryReader = sectionReader(bytes, sections, Section.Memory);
  memoryReader?.each(() => memories.push(readLimits(memoryReader)));
  const tableReader = sectionReader(bytes, sections, Section.Table);
  const tables = tableReader === undefined ? [] : readTables(tableReader);
  const limitPages = Math.floor(maxBytes / PAGE_BYTES);
  const begins = sum(memories.map(({ initial }) => initial)) +
    Math.floor(sum(tables.map((table) => tableBytes(table, table.initial))) / PAGE_BYTES);
  if (begins > limitPages) throw new MemoryLimitError(begins * PAGE_BYTES);
  const left = limitPages - begins;
  const wanted = tables.map(({ initial, maximum = MAX_TABLE_ENTRIES }) =>
    Math.max(Math.min(maximum, MAX_TABLE_ENTRIES) - initial, 0)
  );
  const grow = wanted.some((entries) => entries > 0) && growsTables(bytes, sections);
  const tablePages = grow ? Math.floor(left / TABLES_PART) : 0;
  const shares = share(
    wanted.map((entries, i) => entries * entryBytes(tables[i] ?? { kind: "heap" })),
    tablePages * PAGE_BYTES,
  );
  const pages = share(
    memories.map(({ initial, maximum = MAX_PAGES }) =>
      Math.max(Math.min(maximum, MAX_PAGES) - initial, 0)
    ),
    left - tablePages,
  );
  return {
    memories: memories.map(({ initial }, i) => initial + (pages[i] ?? 0)),
    tables: tables.map((table, i) => ({
      table,
      maximum: table.initial + Math.floor((shares[i] ?? 0) / entryBytes(table)),
    })),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Divides `budget` evenly; a share that exceeds its want is passed on to the others. */
function share(wanted: readonly number[], budget: number): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  const shares = wanted.map(() => 0);
  let left = budget;
  order.forEach((index, done) => {
    const part = Math.min(wanted[index] ?? 0, Math.floor(left / (order.length - done)));
    shares[index] = part;
    left -= part;
  });
  return shares;
}

/** Reports whether any function has `table.grow`, or an unknown instruction. */
function growsTables(bytes: Uint8Array, sections: readonly SectionBytes[]): boolean {
  const reader = sectionReader(bytes, sections, Section.Code);
  if (reader === undefined) return false;
  try {
    const count = reader.u32();
    for (let i = 0; i < count; i++) {
      if (bodyGrowsTables(reader.part(reader.u32()))) return true;
    }
    return false;
  } catch (error) {
    if (error instanceof WasmSyntaxError) return true;
    throw error;
  }
}

function bodyGrowsTables(reader: Reader): boolean {
  reader.each(() => {
    reader.u32();
    skipType(reader);
  });
  while (!reader.isAtEnd) {
    const start = reader.at;
    if (skipInstruction(reader) !== BULK_PREFIX) continue;
    if (new Reader(reader.bytes, start + 1, reader.end).u32() === TABLE_GROW) return true;
  }
  return false;
}
