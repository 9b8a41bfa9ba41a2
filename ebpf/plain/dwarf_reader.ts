/**
 * Reader of DWARF 4 and 5, as far as types of records need it: the tree of entries, and the names of
 * files. Sections of relocatable eBPF objects start at 0, and their addends are in place, so no
 * relocation is applied.
 *
 * The input is not trusted: every offset is checked, and entries are counted.
 */
import type { ElfFile } from "../btf/elf.ts";
import { ElfError } from "../btf/errors.ts";
import { At, type Entry } from "./dwarf_entry.ts";
import { Cursor, damaged } from "./dwarf_cursor.ts";

const MAX_ENTRIES = 1 << 20;

const MAX_UNITS = 4096;
/**
 * Attributes, abbreviations, files, and 4 characters of names each that are read: an object with the
 * kernel's types has a million. Attributes can take no bytes, and tables can be named again and again.
 */
const MAX_WORK = 1 << 24;

interface Abbreviation {
  readonly tag: number;
  readonly hasChildren: boolean;
  readonly attributes: readonly { name: number; form: number; constant: number }[];
}

/** Reads the entries of an object; the result is by offset, in order. */
export function readEntries(elf: ElfFile): Map<number, Entry> {
  return new DwarfReader(elf).read();
}

class DwarfReader {
  readonly #info: Uint8Array;
  readonly #abbrev: Uint8Array;
  readonly #strings: Uint8Array;
  readonly #lineStrings: Uint8Array;
  readonly #offsets: Uint8Array;
  readonly #lines: Uint8Array;
  readonly #entries = new Map<number, Entry>();
  readonly #tables = new Map<number, Map<number, Abbreviation>>();
  readonly #files = new Map<number, string[]>();
  readonly #names = new Map<Uint8Array, Map<number, string>>();
  #work = 0;

  constructor(elf: ElfFile) {
    const content = (name: string) => {
      const section = elf.section(name);
      return section === undefined ? new Uint8Array() : elf.content(section);
    };
    this.#info = content(".debug_info");
    this.#abbrev = content(".debug_abbrev");
    this.#strings = content(".debug_str");
    this.#lineStrings = content(".debug_line_str");
    this.#offsets = content(".debug_str_offsets");
    this.#lines = content(".debug_line");
  }

  read(): Map<number, Entry> {
    let units = 0;
    for (let at = 0; at + 12 <= this.#info.length;) {
      if (++units > MAX_UNITS) throw damaged("it has too many units");
      at = this.#unit(at);
    }
    return this.#entries;
  }

  #unit(start: number): number {
    const cursor = new Cursor(this.#info, start);
    const length = cursor.u32();
    if (length >= 0xfffffff0) throw damaged("it is of the 64-bit format");
    const end = cursor.at + length;
    if (end > this.#info.length || length < 7) throw damaged("a unit is cut off");
    const version = cursor.u16();
    if (version !== 4 && version !== 5) throw damaged(`version ${version} is not supported`);
    let abbrevAt: number;
    if (version === 5) {
      cursor.u8();
      cursor.u8();
      abbrevAt = cursor.u32();
    } else {
      abbrevAt = cursor.u32();
      cursor.u8();
    }
    const unit = { start, end, version, base: 8, files: [] as string[] };
    this.#readTree(cursor, unit, this.#table(abbrevAt));
    return end;
  }

  #readTree(
    cursor: Cursor,
    unit: { start: number; end: number; base: number; version: number; files: string[] },
    table: Map<number, Abbreviation>,
  ): void {
    const open: Entry[] = [];
    while (cursor.at < unit.end) {
      const at = cursor.at;
      const code = cursor.uleb();
      if (code === 0) {
        open.pop();
        continue;
      }
      if (this.#entries.size >= MAX_ENTRIES) throw damaged("it has too many entries");
      const abbreviation = table.get(code);
      if (abbreviation === undefined) throw damaged(`abbreviation ${code} is not there`);
      const { tag, hasChildren, attributes } = abbreviation;
      this.#spend(attributes.length);
      const values = new Map<number, number>();
      let name = "";
      // The base of string offsets may follow the strings that need it.
      const late: number[] = [];
      for (const { name: attribute, form, constant } of attributes) {
        const value = this.#value(cursor, form, constant, unit);
        if (typeof value === "string") {
          if (attribute === At.Name) name = value;
        } else if (value !== undefined) {
          if (attribute === At.Name) late.push(value);
          else values.set(attribute, value);
          if (attribute === At.StrOffsetsBase) unit.base = value;
        }
      }
      const [index] = late;
      if (index !== undefined) name = this.#indexed(index, unit.base);
      const statements = values.get(At.StmtList);
      if (open.length === 0 && statements !== undefined) {
        unit.files = this.#fileNames(statements);
      }
      const file = unit.files[values.get(At.DeclFile) ?? -1] ?? "";
      const type = values.get(At.Type) ?? 0;
      const entry = { at, tag, depth: open.length, name, values, type, file, children: [] };
      this.#entries.set(at, entry);
      open.at(-1)?.children.push(entry);
      if (hasChildren) open.push(entry);
    }
  }

  /** Returns a text, a number (an index for indexed strings), or undefined for other forms. */
  #value(
    cursor: Cursor,
    form: number,
    constant: number,
    unit: { start: number; version: number },
  ): string | number | undefined {
    switch (form) {
      case 0x01: // addr
        return cursor.u64();
      case 0x03: // block2
        return void cursor.skip(cursor.u16());
      case 0x04: // block4
        return void cursor.skip(cursor.u32());
      case 0x05: // data2
        return cursor.u16();
      case 0x06: // data4
        return cursor.u32();
      case 0x07: // data8
      case 0x20: // ref_sig8
        return cursor.u64();
      case 0x08: // string
        return cursor.text();
      case 0x09: // block
      case 0x18: // exprloc
        return void cursor.skip(cursor.uleb());
      case 0x0a: // block1
        return void cursor.skip(cursor.u8());
      case 0x0b: // data1
      case 0x0c: // flag
      case 0x29: // addrx1
        return cursor.u8();
      case 0x0d: // sdata
        return cursor.sleb();
      case 0x0e: // strp
        return this.#text(this.#strings, cursor.u32());
      case 0x1f: // line_strp
        return this.#text(this.#lineStrings, cursor.u32());
      case 0x0f: // udata
      case 0x1a: // strx
      case 0x1b: // addrx
      case 0x22: // loclistx
      case 0x23: // rnglistx
        return cursor.uleb();
      case 0x10: // ref_addr
      case 0x17: // sec_offset
        return cursor.u32();
      case 0x11: // ref1
        return unit.start + cursor.u8();
      case 0x12: // ref2
        return unit.start + cursor.u16();
      case 0x13: // ref4
        return unit.start + cursor.u32();
      case 0x14: // ref8
        return unit.start + cursor.u64();
      case 0x15: // ref_udata
        return unit.start + cursor.uleb();
      case 0x19: // flag_present
        return 1;
      case 0x1e: // data16
        return void cursor.skip(16);
      case 0x21: // implicit_const
        return constant;
      case 0x25: // strx1
        return cursor.u8();
      case 0x26: // strx2
      case 0x2a: // addrx2
        return cursor.u16();
      case 0x27: // strx3
      case 0x2b: // addrx3
        return cursor.u24();
      case 0x28: // strx4
      case 0x2c: // addrx4
        return cursor.u32();
      default:
        throw damaged(`form ${form} is not supported`);
    }
  }

  #within(offset: number, section: Uint8Array): number {
    if (offset >= section.length) throw damaged("a name lies outside of the names");
    return offset;
  }

  #indexed(index: number, base: number): string {
    const at = base + index * 4;
    const offset = new Cursor(this.#offsets, at).u32();
    return this.#text(this.#strings, offset);
  }

  /** Reads a name; many entries share one. */
  #text(section: Uint8Array, offset: number): string {
    const names = this.#names.get(section) ?? new Map<number, string>();
    this.#names.set(section, names);
    const known = names.get(offset);
    if (known !== undefined) return known;
    const text = new Cursor(section, this.#within(offset, section)).text();
    this.#spend(1 + (text.length >> 2));
    names.set(offset, text);
    return text;
  }

  /** @throws {ElfError} when an object makes more work than its types can */
  #spend(work: number): void {
    this.#work += work;
    if (this.#work > MAX_WORK) throw damaged("it is too large");
  }

  #table(at: number): Map<number, Abbreviation> {
    const known = this.#tables.get(at);
    if (known !== undefined) return known;
    const table = new Map<number, Abbreviation>();
    const cursor = new Cursor(this.#abbrev, at);
    for (let code = cursor.uleb(); code !== 0; code = cursor.uleb()) {
      this.#spend(1);
      const tag = cursor.uleb();
      const hasChildren = cursor.u8() === 1;
      const attributes = [];
      for (;;) {
        const name = cursor.uleb();
        const form = cursor.uleb();
        const constant = form === 0x21 ? cursor.sleb() : 0;
        if (name === 0 && form === 0) break;
        this.#spend(1);
        attributes.push({ name, form, constant });
      }
      table.set(code, { tag, hasChildren, attributes });
    }
    this.#tables.set(at, table);
    return table;
  }

  /** File names of a line table, by the numbers that entries use. */
  #fileNames(at: number): string[] {
    const known = this.#files.get(at);
    if (known !== undefined) return known;
    let names: string[] = [];
    try {
      names = this.#readFileNames(at);
    } catch (error) {
      // Without them, no file is known.
      if (!(error instanceof ElfError)) throw error;
    }
    this.#spend(1 + names.length);
    this.#files.set(at, names);
    return names;
  }

  #readFileNames(at: number): string[] {
    const cursor = new Cursor(this.#lines, at);
    cursor.u32();
    const version = cursor.u16();
    if (version === 5) cursor.skip(2);
    cursor.u32();
    cursor.skip(version >= 4 ? 5 : 4);
    cursor.at--;
    // default_is_stmt, line_base, line_range precede the opcode base.
    const opcodes = cursor.u8();
    cursor.skip(Math.max(0, opcodes - 1));
    return version === 5 ? this.#files5(cursor) : files4(cursor);
  }

  #files5(cursor: Cursor): string[] {
    const folders = this.#list(cursor).map(({ name }) => name);
    return this.#list(cursor).map(({ name, folder }) =>
      name.startsWith("/") ? name : `${folders[folder] ?? ""}/${name}`
    );
  }

  #list(cursor: Cursor): { name: string; folder: number }[] {
    const formats = Array.from({ length: cursor.u8() }, () => [cursor.uleb(), cursor.uleb()]);
    const count = cursor.uleb();
    if (count > 1 << 16) throw damaged("it has too many files");
    return Array.from({ length: count }, () => {
      const entry = { name: "", folder: 0 };
      for (const [content = 0, form = 0] of formats) {
        const value = this.#value(cursor, form, 0, { start: 0, version: 5 });
        if (content === 1 && typeof value === "string") entry.name = value;
        if (content === 2 && typeof value === "number") entry.folder = value;
      }
      return entry;
    });
  }
}

function files4(cursor: Cursor): string[] {
  const folders = [""];
  for (let name = cursor.text(); name !== ""; name = cursor.text()) folders.push(name);
  const files = [""];
  for (let name = cursor.text(); name !== ""; name = cursor.text()) {
    const folder = folders[cursor.uleb()] ?? "";
    cursor.uleb();
    cursor.uleb();
    files.push(name.startsWith("/") ? name : `${folder}/${name}`);
    if (files.length > 1 << 16) throw damaged("it has too many files");
  }
  return files;
}
