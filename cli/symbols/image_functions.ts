/**
 * Functions of an ELF file that a process has mapped: System V ABI, chapter 4, 64-bit little-endian.
 *
 * The file is another user's and may lie: everything is read in bounded pieces, and what does not fit
 * the file is left out.
 */

/** Reads bytes at a place; fewer at the end of the file, or a negative errno. */
export type ReadAt = (offset: number, to: Uint8Array<ArrayBuffer>) => number;

/** Name of a function and the distance from its start. */
export interface Found {
  readonly name: string;
  readonly offset: bigint;
}

/** Segments: programs have a dozen. */
const MAX_SEGMENTS = 256;
const MAX_SECTIONS = 4096;
/** Browsers have some 500,000 symbols when they are not stripped. */
const MAX_SYMBOLS = 1 << 19;
const MAX_NAMES_BYTES = 64 << 20;
const MAX_NAME_BYTES = 1024;

const HEADER_BYTES = 64, SEGMENT_BYTES = 56, SECTION_BYTES = 64, SYMBOL_BYTES = 24;
const PT_LOAD = 1, SHT_SYMTAB = 2, SHT_DYNSYM = 11;
const STT_FUNC = 2, STT_GNU_IFUNC = 10;
/** Addresses that JavaScript counts exactly; others are a lie. */
const MAX_ADDRESS = Number.MAX_SAFE_INTEGER;

interface Segment {
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

/** One table of symbols, those of functions alone, in the order of their addresses. */
interface Table {
  readonly starts: Float64Array;
  readonly sizes: Float64Array;
  readonly names: Uint32Array;
  readonly text: Uint8Array<ArrayBuffer>;
}

/** Functions by their place in the file. */
export class ImageFunctions {
  readonly #segments: readonly Segment[];
  readonly #tables: readonly Table[];
  /** Memory that it holds, in bytes. */
  readonly bytes: number;

  private constructor(segments: readonly Segment[], tables: readonly Table[]) {
    this.#segments = segments;
    this.#tables = tables;
    this.bytes = tables.reduce(
      (sum, { starts, text }) => sum + starts.length * 20 + text.length,
      0,
    );
  }

  /** Reads a file; one that is not 64-bit little-endian ELF has no functions. */
  static read(readAt: ReadAt): ImageFunctions {
    const header = whole(readAt, 0, HEADER_BYTES);
    if (header === undefined || !isElf64(header)) return new ImageFunctions([], []);
    const segments = segmentsOf(readAt, header);
    const sections = sectionsOf(readAt, header);
    const tables = sections.filter(({ type }) => type === SHT_SYMTAB || type === SHT_DYNSYM)
      .slice(0, 2).flatMap((section) => tableOf(readAt, section, sections[section.link]) ?? []);
    return new ImageFunctions(segments, tables);
  }

  /** Address within the image of a place in its file; undefined for one that is not mapped. */
  addressOf(fileOffset: bigint): bigint | undefined {
    const place = Number(fileOffset);
    const segment = this.#segments.find(({ offset, size }) =>
      place >= offset && place < offset + size
    );
    return segment === undefined ? undefined : BigInt(place - segment.offset + segment.address);
  }

  /** Finds the function that an address of the image is in. */
  find(address: bigint): Found | undefined {
    const at = Number(address);
    for (const table of this.#tables) {
      const index = indexIn(table, at);
      if (index < 0) continue;
      const name = nameAt(table.text, table.names[index] ?? 0);
      if (name !== "") return { name, offset: BigInt(at - (table.starts[index] ?? 0)) };
    }
    return undefined;
  }
}

function viewOf(bytes: Uint8Array<ArrayBuffer>): DataView<ArrayBuffer> {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function whole(readAt: ReadAt, offset: number, size: number): DataView<ArrayBuffer> | undefined {
  const bytes = new Uint8Array(size);
  return readAt(offset, bytes) === size ? viewOf(bytes) : undefined;
}

function isElf64(header: DataView): boolean {
  return header.getUint32(0) === 0x7f454c46 && header.getUint8(4) === 2 && header.getUint8(5) === 1;
}

/** Reads 64 bits; infinite for more than a file or address can be. */
function wide(view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  return value > BigInt(MAX_ADDRESS) ? Infinity : Number(value);
}

function segmentsOf(readAt: ReadAt, header: DataView): Segment[] {
  const [at, size, count] = [
    wide(header, 32),
    header.getUint16(54, true),
    header.getUint16(56, true),
  ];
  if (size !== SEGMENT_BYTES || count > MAX_SEGMENTS || at === Infinity) return [];
  const table = whole(readAt, at, count * SEGMENT_BYTES);
  if (table === undefined) return [];
  const segments: Segment[] = [];
  for (let i = 0; i < count; i++) {
    const start = i * SEGMENT_BYTES;
    if (table.getUint32(start, true) !== PT_LOAD) continue;
    const segment = {
      offset: wide(table, start + 8),
      address: wide(table, start + 16),
      size: wide(table, start + 32),
    };
    if (segment.offset !== Infinity && segment.address !== Infinity) segments.push(segment);
  }
  return segments;
}

function sectionsOf(readAt: ReadAt, header: DataView): Section[] {
  const [at, size, count] = [
    wide(header, 40),
    header.getUint16(58, true),
    header.getUint16(60, true),
  ];
  if (size !== SECTION_BYTES || count === 0 || count > MAX_SECTIONS || at === Infinity) return [];
  const table = whole(readAt, at, count * SECTION_BYTES);
  if (table === undefined) return [];
  return Array.from({ length: count }, (_, i) => ({
    type: table.getUint32(i * SECTION_BYTES + 4, true),
    offset: wide(table, i * SECTION_BYTES + 24),
    size: wide(table, i * SECTION_BYTES + 32),
    link: table.getUint32(i * SECTION_BYTES + 40, true),
  }));
}

function tableOf(readAt: ReadAt, section: Section, names: Section | undefined): Table | undefined {
  const count = Math.floor(section.size / SYMBOL_BYTES);
  if (names === undefined || count > MAX_SYMBOLS || names.size > MAX_NAMES_BYTES) return undefined;
  const text = new Uint8Array(names.size);
  const symbols = whole(readAt, section.offset, count * SYMBOL_BYTES);
  if (symbols === undefined || readAt(names.offset, text) !== text.length) return undefined;
  const functions: number[] = [];
  for (let i = 0; i < count; i++) {
    const at = i * SYMBOL_BYTES;
    const kind = symbols.getUint8(at + 4) & 0xf;
    if (kind !== STT_FUNC && kind !== STT_GNU_IFUNC) continue;
    if (symbols.getUint16(at + 6, true) === 0 || wide(symbols, at + 8) === Infinity) continue;
    functions.push(i);
  }
  const startOf = (i: number) => wide(symbols, i * SYMBOL_BYTES + 8);
  const starts = Float64Array.from(functions, startOf);
  const order = Uint32Array.from(functions, (_, i) => i)
    .sort((a, b) => (starts[a] ?? 0) - (starts[b] ?? 0));
  const sorted = Array.from(order, (i) => functions[i] ?? 0);
  return {
    starts: Float64Array.from(sorted, startOf),
    sizes: Float64Array.from(sorted, (i) => wide(symbols, i * SYMBOL_BYTES + 16)),
    names: Uint32Array.from(sorted, (i) => symbols.getUint32(i * SYMBOL_BYTES, true)),
    text,
  };
}

/** Functions that contain others, such as cold parts, start at most this many symbols before. */
const MAX_BACK = 16;

function indexIn({ starts, sizes }: Table, at: number): number {
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  for (let i = low - 1; i >= Math.max(0, low - MAX_BACK); i--) {
    const size = sizes[i] ?? 0;
    if (at < (starts[i] ?? 0) + size) return i;
    // Assembly often leaves sizes out; the next function ends it.
    if (size === 0 && i === low - 1) return i;
  }
  return -1;
}

function nameAt(text: Uint8Array, at: number): string {
  if (at >= text.length) return "";
  const end = text.subarray(at, at + MAX_NAME_BYTES).indexOf(0);
  return end <= 0 ? "" : new TextDecoder().decode(text.subarray(at, at + end));
}
