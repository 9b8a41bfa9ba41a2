/**
 * Finds source lines of addresses in DWARF's line tables, versions 2 to 5 (DWARF 5, section 6.2). The
 * bytes are the module's own claims: everything is bounded, and what makes no sense ends the search.
 */
import { Reader, WasmSyntaxError } from "./reader.ts";

/** Rows of all tables together; a module of 10 MB has some 500,000. */
const MAX_ROWS = 5_000_000;
const MAX_PATH = 300;

/** Sections that line tables refer to. */
export interface DebugSections {
  readonly lines: Uint8Array;
  readonly lineStrings?: Uint8Array | undefined;
  readonly strings?: Uint8Array | undefined;
}

/** Forms of attributes, by their numbers. */
const Form = {
  Block: 0x09,
  Data1: 0x0b,
  Data2: 0x05,
  Data4: 0x06,
  Data8: 0x07,
  Data16: 0x1e,
  String: 0x08,
  Strp: 0x0e,
  LineStrp: 0x1f,
  Udata: 0x0f,
} as const;

const CONTENT_PATH = 1;
const CONTENT_DIRECTORY = 2;

interface FileEntry {
  path: string;
  directory: number;
}

interface Header {
  version: number;
  minimumLength: number;
  lineBase: number;
  lineRange: number;
  opcodeLengths: number[];
  directories: string[];
  files: FileEntry[];
}

/** Returns `file:line` of addresses, as far as a table has them. */
export function findLines(
  sections: DebugSections,
  addresses: readonly number[],
): Map<number, string> {
  const search = new Search(sections, addresses);
  try {
    search.run();
  } catch (error) {
    // Results found before the error stay valid.
    if (!(error instanceof WasmSyntaxError)) throw error;
  }
  return search.found;
}

class Search {
  readonly found = new Map<number, string>();
  readonly #sections: DebugSections;
  readonly #addresses: readonly number[];
  #rows = 0;

  constructor(sections: DebugSections, addresses: readonly number[]) {
    this.#sections = sections;
    this.#addresses = addresses;
  }

  run(): void {
    const reader = new Reader(this.#sections.lines);
    while (!reader.isAtEnd && this.found.size < this.#addresses.length) {
      const unit = reader.part(fixed(reader, 4));
      const header = this.#readHeader(unit);
      if (header !== undefined) this.#runProgram(unit, header);
    }
  }

  #readHeader(unit: Reader): Header | undefined {
    const version = fixed(unit, 2);
    if (version < 2 || version > 5) return undefined;
    if (version === 5) unit.skip(2);
    const length = fixed(unit, 4);
    const start = unit.at + length;
    const minimumLength = unit.u8();
    if (version >= 4) unit.skip(1);
    unit.skip(1);
    const lineBase = unit.u8() << 24 >> 24;
    const lineRange = unit.u8();
    const opcodeLengths = [0];
    const opcodeBase = unit.u8();
    for (let i = 1; i < opcodeBase; i++) opcodeLengths.push(unit.u8());
    const [directories, files] = version === 5 ? this.#readNew(unit) : readOld(unit);
    if (start < unit.at) throw new WasmSyntaxError("a line table's header is too long");
    unit.skip(start - unit.at);
    return { version, minimumLength, lineBase, lineRange, opcodeLengths, directories, files };
  }

  #readNew(unit: Reader): [string[], FileEntry[]] {
    const directories = this.#readEntries(unit).map(({ path }) => path);
    return [directories, this.#readEntries(unit)];
  }

  #readEntries(unit: Reader): FileEntry[] {
    const formats: [number, number][] = [];
    const count = unit.u8();
    for (let i = 0; i < count; i++) formats.push([unit.u32(), unit.u32()]);
    const entries: FileEntry[] = [];
    if (formats.length === 0) {
      unit.u32();
      return entries;
    }
    unit.each(() => {
      const entry: FileEntry = { path: "", directory: 0 };
      for (const [content, form] of formats) {
        const value = this.#readForm(unit, form);
        if (content === CONTENT_PATH) entry.path = String(value);
        if (content === CONTENT_DIRECTORY) entry.directory = Number(value);
      }
      entries.push(entry);
    });
    return entries;
  }

  #readForm(unit: Reader, form: number): string | number {
    switch (form) {
      case Form.String:
        return text(unit);
      case Form.LineStrp:
        return textAt(this.#sections.lineStrings, fixed(unit, 4));
      case Form.Strp:
        return textAt(this.#sections.strings, fixed(unit, 4));
      case Form.Udata:
        return unit.u32();
      case Form.Data1:
        return unit.u8();
      case Form.Data2:
        return fixed(unit, 2);
      case Form.Data4:
        return fixed(unit, 4);
      case Form.Data8:
        unit.skip(8);
        return 0;
      case Form.Data16:
        unit.skip(16);
        return 0;
      case Form.Block:
        unit.skip(unit.u32());
        return 0;
      default:
        throw new WasmSyntaxError(`form 0x${form.toString(16)} in a line table`);
    }
  }

  #runProgram(unit: Reader, header: Header): void {
    let row = { address: 0, file: 1, line: 1 };
    let before: typeof row | undefined;
    const emit = (isEnd: boolean) => {
      if (++this.#rows > MAX_ROWS) throw new WasmSyntaxError("too many rows in line tables");
      // Sequences of functions that the linker dropped start at 0, or at the end of everything.
      if (before !== undefined && before.address > 0) this.#match(before, row.address, header);
      before = isEnd ? undefined : { ...row };
      if (isEnd) row = { address: 0, file: 1, line: 1 };
    };
    while (!unit.isAtEnd) {
      const opcode = unit.u8();
      if (opcode >= header.opcodeLengths.length) {
        if (header.lineRange === 0) throw new WasmSyntaxError("a line table without a range");
        const adjusted = opcode - header.opcodeLengths.length;
        row.address += Math.floor(adjusted / header.lineRange) * header.minimumLength;
        row.line += header.lineBase + adjusted % header.lineRange;
        emit(false);
      } else if (opcode === 0) {
        const extended = unit.part(unit.u32());
        const kind = extended.u8();
        if (kind === 1) emit(true);
        if (kind === 2) row.address = fixed(extended, Math.min(extended.end - extended.at, 4));
      } else {
        standard(unit, opcode, row, header, () => emit(false));
      }
    }
  }

  #match(row: { address: number; file: number; line: number }, end: number, header: Header): void {
    for (const address of this.#addresses) {
      if (address < row.address || address >= end || this.found.has(address)) continue;
      if (row.line > 0) this.found.set(address, `${pathOf(row.file, header)}:${row.line}`);
    }
  }
}

function standard(
  unit: Reader,
  opcode: number,
  row: { address: number; file: number; line: number },
  header: Header,
  emit: () => void,
): void {
  switch (opcode) {
    case 1:
      return emit();
    case 2:
      row.address += unit.u32() * header.minimumLength;
      return;
    case 3:
      row.line += unit.s32();
      return;
    case 4:
      row.file = unit.u32();
      return;
    case 8:
      row.address += Math.floor((255 - header.opcodeLengths.length) / (header.lineRange || 1)) *
        header.minimumLength;
      return;
    case 9:
      row.address += fixed(unit, 2);
      return;
    default:
      for (let i = header.opcodeLengths[opcode] ?? 0; i > 0; i--) unit.skipLeb();
  }
}

function readOld(unit: Reader): [string[], FileEntry[]] {
  // Directory 0 is the one of the compilation, and file 0 is not used.
  const directories = [""];
  for (let name = text(unit); name !== ""; name = text(unit)) directories.push(name);
  const files: FileEntry[] = [{ path: "", directory: 0 }];
  for (let path = text(unit); path !== ""; path = text(unit)) {
    files.push({ path, directory: unit.u32() });
    unit.skipLeb();
    unit.skipLeb();
  }
  return [directories, files];
}

function pathOf(file: number, { files, directories }: Header): string {
  const { path, directory } = files[file] ?? { path: "?", directory: 0 };
  const folder = directories[directory] ?? "";
  const whole = path.startsWith("/") || folder === "" || folder === "."
    ? path
    : `${folder}/${path}`;
  return whole.length > MAX_PATH ? `…${whole.slice(-MAX_PATH)}` : whole;
}

/** A little-endian number of `size` bytes. */
function fixed(reader: Reader, size: number): number {
  let value = 0;
  for (let i = 0; i < size; i++) value += reader.u8() * 2 ** (8 * i);
  return value;
}

/** A string up to its NUL. */
function text(reader: Reader): string {
  const start = reader.at;
  while (reader.u8() !== 0);
  const bytes = reader.bytes.subarray(start, Math.min(reader.at - 1, start + 4 * MAX_PATH));
  return new TextDecoder().decode(bytes);
}

function textAt(section: Uint8Array | undefined, at: number): string {
  return section === undefined ? "?" : text(new Reader(section, at));
}
