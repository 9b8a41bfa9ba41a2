/**
 * Calls of a function and of all that it calls, read from instructions and relocations.
 *
 * Format: Documentation/bpf/standardization/instruction-set.rst of the kernel. Subprograms and
 * callbacks are followed; each function is read once, so circles end.
 */
import type { ElfFile, ElfRelocation, ElfSymbol } from "../btf/elf.ts";

/** What a function calls, and the functions that it calls. */
export interface Calls {
  /** `BPF_FUNC_*` numbers. */
  readonly helpers: ReadonlySet<number>;
  /** Names of kernel functions; `#N` for one that is called by its BTF id. */
  readonly kfuncs: ReadonlySet<string>;
  /** Variables of the kernel that are read. */
  readonly variables: ReadonlySet<string>;
  /** Whether a call goes to an address that is computed. */
  readonly isIndirect: boolean;
}

const INSTRUCTION_BYTES = 8;
const CALL = 0x85;
const CALL_INDIRECT = 0x8d;
const LOAD_WIDE = 0x18;
const PSEUDO_CALL = 1;
const PSEUDO_KFUNC_CALL = 2;

/** A function in a section. */
interface Place {
  readonly section: number;
  readonly start: number;
}

interface Found {
  helpers: Set<number>;
  kfuncs: Set<string>;
  variables: Set<string>;
  isIndirect: boolean;
}

/** Reads the calls of functions of one object. */
export class CallReader {
  readonly #elf: ElfFile;
  readonly #symbols: readonly ElfSymbol[];
  readonly #functions: readonly ElfSymbol[];
  readonly #relocations = new Map<number, Map<number, ElfRelocation>>();

  /** @throws {ElfError} when the symbol table is damaged */
  constructor(elf: ElfFile) {
    this.#elf = elf;
    this.#symbols = elf.symbolTable();
    this.#functions = this.#symbols.filter(({ kind }) => kind === "function");
  }

  /** Returns all that a function calls, directly or not. */
  callsOf({ section, value }: ElfSymbol): Calls {
    const found: Found = {
      helpers: new Set(),
      kfuncs: new Set(),
      variables: new Set(),
      isIndirect: false,
    };
    const seen = new Set<string>();
    const waiting: Place[] = [{ section, start: value }];
    for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
      const key = `${place.section}:${place.start}`;
      if (seen.has(key)) continue;
      seen.add(key);
      this.#read(place, found, waiting);
    }
    return found;
  }

  #read({ section, start }: Place, found: Found, waiting: Place[]): void {
    const header = this.#elf.sections[section];
    // A place outside of the section: libbpf refuses such an object.
    if (header === undefined || !header.isCode || start < 0) return;
    const bytes = this.#elf.content(header);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const symbol = this.#functions.find((one) => one.section === section && one.value === start);
    const end = Math.min(symbol === undefined ? bytes.length : start + symbol.size, bytes.length);
    const relocations = this.#relocationsOf(section);
    for (let at = start; at + INSTRUCTION_BYTES <= end; at += INSTRUCTION_BYTES) {
      const code = view.getUint8(at);
      const source = view.getUint8(at + 1) >> 4;
      const immediate = view.getInt32(at + 4, true);
      const relocation = relocations.get(at);
      const target = relocation && this.#symbols[relocation.symbol];
      if (code === CALL) this.#call({ section, at, source, immediate, target }, found, waiting);
      else if (code === CALL_INDIRECT) found.isIndirect = true;
      else if (code === LOAD_WIDE) {
        if (target !== undefined) this.#reference(target, immediate, found, waiting);
        // The second half is not an instruction.
        at += INSTRUCTION_BYTES;
      }
    }
  }

  #call(
    { section, at, source, immediate, target }: {
      section: number;
      at: number;
      source: number;
      immediate: number;
      target: ElfSymbol | undefined;
    },
    found: Found,
    waiting: Place[],
  ): void {
    if (source === PSEUDO_KFUNC_CALL) found.kfuncs.add(target?.name || `#${immediate}`);
    else if (target !== undefined && target.section === 0) found.kfuncs.add(target.name);
    else if (target !== undefined) {
      const start = target.value + (immediate + 1) * INSTRUCTION_BYTES;
      waiting.push({ section: target.section, start });
    } else if (source === PSEUDO_CALL) {
      waiting.push({ section, start: at + (immediate + 1) * INSTRUCTION_BYTES });
    } else found.helpers.add(immediate);
  }

  /** A wide load of the address of a map, a variable, or a function that is called back. */
  #reference(target: ElfSymbol, immediate: number, found: Found, waiting: Place[]): void {
    if (target.section === 0) found.variables.add(target.name);
    else if (this.#elf.sections[target.section]?.isCode === true) {
      waiting.push({ section: target.section, start: target.value + immediate });
    }
  }

  #relocationsOf(section: number): Map<number, ElfRelocation> {
    let known = this.#relocations.get(section);
    if (known === undefined) {
      known = new Map(this.#elf.relocations(section).map((one) => [one.offset, one]));
      this.#relocations.set(section, known);
    }
    return known;
  }
}
