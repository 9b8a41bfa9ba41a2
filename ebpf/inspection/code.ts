/** Code of an object before libbpf links it: instructions, and the symbols that they refer to. */
import type { ElfFile, ElfRelocation, ElfSymbol } from "../btf/elf.ts";
import { ElfError } from "../btf/errors.ts";

/** Place in a section of code. */
export interface Place {
  readonly section: number;
  /** Offset in bytes. */
  readonly start: number;
}

/** Bytes of an instruction; a wide one takes two. */
export const INSTRUCTION_BYTES = 8;
/** Opcodes: call of a function by its number, call through a register, load of 64 bits. */
export const CALL = 0x85, CALL_INDIRECT = 0x8d, LOAD_WIDE = 0x18;
/** Source registers of a call: function of the program, function of the kernel. */
export const PSEUDO_CALL = 1, PSEUDO_KFUNC_CALL = 2;

/**
 * Instructions that are read and functions that are followed, of one object together: libbpf loads at
 * most a million instructions a program, and hostile functions may overlap.
 */
const MAX_STEPS = 1 << 23;

/** Function that an instruction calls, or whose address it loads; undefined for another symbol. */
export type Callee = Place | undefined;

/** Reads the code of one object, within a bound of steps. */
export class CodeReader {
  readonly elf: ElfFile;
  readonly #symbols: readonly ElfSymbol[];
  /** Sizes of functions by {@linkcode keyOf}; of several at one place, the largest. */
  readonly #sizes = new Map<string, number>();
  readonly #relocations = new Map<number, Map<number, ElfRelocation>>();
  #steps = 0;

  /** @throws {ElfError} when the symbol table is damaged */
  constructor(elf: ElfFile) {
    this.elf = elf;
    this.#symbols = elf.symbolTable();
    for (const { kind, section, value, size } of this.#symbols) {
      if (kind !== "function") continue;
      const key = keyOf({ section, start: value });
      this.#sizes.set(key, Math.max(size, this.#sizes.get(key) ?? 0));
    }
  }

  /**
   * Counts steps.
   *
   * @throws {ElfError} when the object's code is too large to be read
   */
  count(steps: number): void {
    this.#steps += steps;
    if (this.#steps > MAX_STEPS) throw new ElfError("its programs are too large to be inspected");
  }

  /** Returns the bytes of a section of code; undefined for a place that libbpf refuses. */
  codeOf(section: number): DataView | undefined {
    const header = this.elf.sections[section];
    if (header === undefined || !header.isCode) return undefined;
    const bytes = this.elf.content(header);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Returns the end of the function at a place, by its symbol. */
  endOf(place: Place, code: DataView): number {
    const size = this.#sizes.get(keyOf(place)) ?? code.byteLength;
    return Math.min(place.start + size, code.byteLength);
  }

  /** Returns the symbol that an instruction refers to. */
  symbolAt(section: number, at: number): ElfSymbol | undefined {
    let known = this.#relocations.get(section);
    if (known === undefined) {
      known = new Map(this.elf.relocations(section).map((one) => [one.offset, one]));
      this.#relocations.set(section, known);
    }
    const relocation = known.get(at);
    return relocation && this.#symbols[relocation.symbol];
  }

  /** Returns the function that a call goes to, if it is one of the object. */
  calleeOf(
    { section, start }: Place,
    { source, immediate, target }: {
      source: number;
      immediate: number;
      target: ElfSymbol | undefined;
    },
  ): Callee {
    const offset = (immediate + 1) * INSTRUCTION_BYTES;
    if (source === PSEUDO_KFUNC_CALL || target?.section === 0) return undefined;
    if (target !== undefined) return { section: target.section, start: target.value + offset };
    return source === PSEUDO_CALL ? { section, start: start + offset } : undefined;
  }

  /** Returns the function whose address a wide load has, which may be called back. */
  addressOf(target: ElfSymbol | undefined, immediate: number): Callee {
    return target !== undefined && this.elf.sections[target.section]?.isCode === true
      ? { section: target.section, start: target.value + immediate }
      : undefined;
  }

  /** Returns the places of symbols by name, by {@linkcode keyOf}; one place may have more names. */
  placesOf(names: ReadonlySet<string>): ReadonlySet<string> {
    return new Set(
      this.#symbols.filter(({ name }) => names.has(name))
        .map(({ section, value }) => keyOf({ section, start: value })),
    );
  }

  /** Returns the functions that a program's exceptions go to, which nothing in its code names. */
  exceptionCallbacks(): Place[] {
    const types = this.elf.section(".BTF");
    if (types === undefined) return [];
    const text = new TextDecoder("latin1").decode(this.elf.content(types));
    const names = new Set(
      [...text.matchAll(/\0exception_callback:(\w{1,255})(?=\0)/g)].map(([, name]) => name),
    );
    if (names.size === 0) return [];
    return this.#symbols.filter(({ kind, name }) => kind === "function" && names.has(name))
      .map(({ section, value }) => ({ section, start: value }));
  }
}

/** Returns a text that is different for each place. */
export function keyOf({ section, start }: Place): string {
  return `${section}:${start}`;
}
