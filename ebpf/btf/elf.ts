/**
 * The little of ELF that bindings need: sections by name, and symbols. Every number in the file is
 * taken for a lie until it fits the file.
 *
 * Layout: System V ABI, chapter 4 ("Object files"), 64-bit little-endian.
 */
import { ElfError } from "./errors.ts";

const HEADER_BYTES = 64;
const SECTION_HEADER_BYTES = 64;
const SYMBOL_BYTES = 24;
/** Compilers make a few dozen; `-ffunction-sections` some thousand. */
const MAX_SECTIONS = 0xff00;
/** A kernel has some hundred thousand, an eBPF object a few hundred. */
const MAX_SYMBOLS = 1 << 18;
const MAX_NAME_BYTES = 4096;
/** Of all names together: names may share their ends, so a small file can spell out a lot. */
const MAX_NAMES_BYTES = 16 << 20;

const EM_BPF = 247;
const SHT_SYMTAB = 2;
const SHT_NOBITS = 8;
const SHT_REL = 9;
const REL_BYTES = 16;
/** Large objects have some ten thousand. */
const MAX_RELOCATIONS = 1 << 20;
const SHF_EXECINSTR = 4n;
const SHF_COMPRESSED = 0x800n;

/** Header of a section, and the range of its bytes in the file. */
export interface ElfSection {
  readonly name: string;
  readonly type: number;
  /** In the file; of a section without bytes (`.bss`) it means nothing. */
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  /** Of a section of relocations, index of the section that they patch. */
  readonly info: number;
  /** True if it holds bytes in the file. */
  readonly hasBytes: boolean;
  readonly isCode: boolean;
  readonly isCompressed: boolean;
}

/** Kind of a symbol: `STT_OBJECT`, `STT_FUNC`, or something else. */
export type SymbolKind = "object" | "function" | "other";

/** A named place in a section. */
export interface ElfSymbol {
  readonly name: string;
  readonly kind: SymbolKind;
  /** Visible outside of its file: global or weak. */
  readonly isGlobal: boolean;
  /** Index of its section; 0 for what is not defined here. */
  readonly section: number;
  /** Offset in the section. */
  readonly value: number;
  readonly size: number;
}

/** A place in a section that refers to a symbol. */
export interface ElfRelocation {
  /** Offset in the section. */
  readonly offset: number;
  /** Index in {@linkcode ElfFile.symbolTable}. */
  readonly symbol: number;
}

/** Reports whether the bytes begin as an ELF file does. */
export function isElf(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c &&
    bytes[3] === 0x46;
}

/** An ELF file in memory. */
export class ElfFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** By index; the first is the null section. */
  readonly sections: readonly ElfSection[];
  readonly #view: DataView;
  readonly #byName = new Map<string, ElfSection>();
  #namesBytes = 0;

  /**
   * Reads the section headers.
   *
   * @throws {ElfError} when the file is not 64-bit little-endian ELF, or its sections do not fit it
   */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    checkIdentity(bytes);
    this.sections = this.#readSections();
    for (const section of this.sections) {
      if (!this.#byName.has(section.name)) this.#byName.set(section.name, section);
    }
  }

  /** Reports whether it is an eBPF object, rather than a kernel or a kernel module. */
  get isEbpf(): boolean {
    return this.#view.getUint16(0x12, true) === EM_BPF;
  }

  /** The first section of a name. */
  section(name: string): ElfSection | undefined {
    return this.#byName.get(name);
  }

  /**
   * A section's bytes, not copied; none for a section that has none in the file.
   *
   * @throws {ElfError} when it is compressed
   */
  content(section: ElfSection): Uint8Array<ArrayBuffer> {
    if (section.isCompressed) {
      throw new ElfError(`section ${section.name} is compressed`, {
        hint: "decompress it with llvm-objcopy --decompress-debug-sections",
      });
    }
    if (!section.hasBytes) return new Uint8Array();
    return this.bytes.subarray(section.offset, section.offset + section.size);
  }

  /**
   * The symbols with a name.
   *
   * @throws {ElfError} when the symbol table is damaged
   */
  symbols(): ElfSymbol[] {
    return this.symbolTable().filter(({ name }) => name !== "");
  }

  /**
   * Returns every symbol by its index, as relocations name them; those of sections have no name.
   *
   * @throws {ElfError} when the symbol table is damaged
   */
  symbolTable(): ElfSymbol[] {
    const table = this.sections.find(({ type }) => type === SHT_SYMTAB);
    if (table === undefined) return [];
    const count = Math.floor(table.size / SYMBOL_BYTES);
    if (count > MAX_SYMBOLS) throw new ElfError(`it has ${count} symbols`);
    const names = this.sections[table.link];
    if (names === undefined || !names.hasBytes) throw new ElfError("its symbols have no names");
    const symbols: ElfSymbol[] = [];
    for (let i = 0; i < count; i++) {
      symbols.push(this.#symbol(table.offset + i * SYMBOL_BYTES, names));
    }
    return symbols;
  }

  /**
   * Returns the relocations of a section, by its index.
   *
   * @throws {ElfError} when there are too many
   */
  relocations(section: number): ElfRelocation[] {
    const tables = this.sections.filter(({ type, info }) => type === SHT_REL && info === section);
    return tables.flatMap(({ offset, size }) => {
      const count = Math.floor(size / REL_BYTES);
      if (count > MAX_RELOCATIONS) throw new ElfError(`it has ${count} relocations`);
      return Array.from({ length: count }, (_, i) => {
        const at = offset + i * REL_BYTES;
        return { offset: this.#number(at), symbol: this.#view.getUint32(at + 12, true) };
      });
    });
  }

  #symbol(at: number, names: ElfSection): ElfSymbol {
    const view = this.#view;
    const info = view.getUint8(at + 4);
    const kind = ({ 1: "object", 2: "function" } as const)[info & 0xf] ?? "other";
    return {
      name: this.#string(names, view.getUint32(at, true)),
      kind,
      isGlobal: info >> 4 === 1 || info >> 4 === 2,
      section: view.getUint16(at + 6, true),
      value: this.#number(at + 8),
      size: this.#number(at + 16),
    };
  }

  #readSections(): ElfSection[] {
    const view = this.#view;
    const at = this.#number(0x28);
    let count = view.getUint16(0x3c, true);
    let namesIndex = view.getUint16(0x3e, true);
    if (at === 0) return [];
    if (view.getUint16(0x3a, true) !== SECTION_HEADER_BYTES) {
      throw new ElfError("its section headers have an unknown size");
    }
    this.#mustHold(at, SECTION_HEADER_BYTES, "section headers");
    // Files with very many sections keep both numbers in the first header.
    if (count === 0) count = this.#number(at + 32);
    if (namesIndex === 0xffff) namesIndex = view.getUint32(at + 40, true);
    if (count > MAX_SECTIONS) throw new ElfError(`it has ${count} sections`);
    this.#mustHold(at, count * SECTION_HEADER_BYTES, "section headers");
    const headers = Array.from({ length: count }, (_, i) => at + i * SECTION_HEADER_BYTES);
    const unnamed = headers.map((header) => this.#sectionHeader(header));
    const names = unnamed[namesIndex];
    if (names === undefined || !names.hasBytes) throw new ElfError("its sections have no names");
    return unnamed.map((section, i) => ({
      ...section,
      name: this.#string(names, view.getUint32(headers[i] ?? 0, true)),
    }));
  }

  #sectionHeader(at: number): ElfSection {
    const view = this.#view;
    const type = view.getUint32(at + 4, true);
    const flags = view.getBigUint64(at + 8, true);
    const section = {
      name: "",
      type,
      offset: this.#number(at + 24),
      size: this.#number(at + 32),
      link: view.getUint32(at + 40, true),
      info: view.getUint32(at + 44, true),
      hasBytes: type !== SHT_NOBITS && type !== 0,
      isCode: (flags & SHF_EXECINSTR) !== 0n,
      isCompressed: (flags & SHF_COMPRESSED) !== 0n,
    };
    if (section.hasBytes) this.#mustHold(section.offset, section.size, "a section");
    return section;
  }

  #string(names: ElfSection, offset: number): string {
    if (offset >= names.size) throw new ElfError("a name lies outside of the names");
    const start = names.offset + offset;
    const limit = Math.min(names.offset + names.size, start + MAX_NAME_BYTES);
    const end = this.bytes.subarray(start, limit).indexOf(0);
    if (end < 0) throw new ElfError("a name has no end");
    this.#namesBytes += end;
    if (this.#namesBytes > MAX_NAMES_BYTES) throw new ElfError("its names have more than 16 MiB");
    return new TextDecoder().decode(this.bytes.subarray(start, start + end));
  }

  /** 64 bits; what JavaScript cannot count to fits no file either. */
  #number(at: number): number {
    return Number(this.#view.getBigUint64(at, true));
  }

  #mustHold(offset: number, size: number, what: string): void {
    if (offset + size > this.bytes.length) throw new ElfError(`${what} lies outside of the file`);
  }
}

function checkIdentity(bytes: Uint8Array): void {
  if (!isElf(bytes)) throw new ElfError("wrong magic number");
  if (bytes.length < HEADER_BYTES) throw new ElfError("it is cut off");
  // EI_CLASS and EI_DATA.
  if (bytes[4] !== 2) throw new ElfError("it is 32-bit; eBPF objects have 64 bits");
  if (bytes[5] !== 1) {
    throw new ElfError("it is big-endian; guests are little-endian", {
      code: "BIG_ENDIAN",
      hint: "compile the eBPF half with -target bpfel",
    });
  }
}
