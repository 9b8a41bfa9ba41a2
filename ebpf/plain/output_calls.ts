/**
 * Sizes of the records that programs hand to each map, as constants in their instructions.
 *
 * Registers and their places on the stack are followed forward: where paths meet, only what all of
 * them agree on is kept, and where a loop comes back, nothing. So a size is either in the program, or
 * not known.
 */
import type { ElfFile, ElfSymbol } from "../btf/elf.ts";
import { ElfError } from "../btf/errors.ts";

/** Sizes of what one map, or one iterator, gets. */
export interface OutputSizes {
  /** Constant sizes in bytes. */
  readonly sizes: ReadonlySet<number>;
  /** True if a call has a size that is not constant. */
  readonly isVariable: boolean;
  /** Maps whose elements are handed out, with the number of such calls. */
  readonly fromMaps: ReadonlySet<string>;
}

/** Outputs of an object. */
export interface OutputCalls {
  /** By the map's name. */
  readonly maps: ReadonlyMap<string, OutputSizes>;
  /** Records of `bpf_seq_write`, by the program's name. */
  readonly iterators: ReadonlyMap<string, OutputSizes>;
  /** Helpers that are called with a map as their first argument, by the map's name. */
  readonly uses: ReadonlyMap<string, ReadonlySet<number>>;
}

/** Registers that hold map, data and size of the helpers (linux/bpf.h). */
const HELPERS: ReadonlyMap<number, { map: number | undefined; data?: number; size: number }> =
  new Map([
    [25, { map: 2, data: 4, size: 5 }],
    [111, { map: 2, data: 4, size: 5 }],
    [121, { map: 2, data: 4, size: 5 }],
    [130, { map: 1, data: 2, size: 3 }],
    [131, { map: 1, size: 2 }],
    [198, { map: 1, size: 2 }],
    [127, { map: undefined, data: 2, size: 3 }],
  ]);
const LOOKUP = 1;

const INSTRUCTION_BYTES = 8;
const CALL = 0x85, EXIT = 0x95, LOAD_WIDE = 0x18;
const GOTO = 0x05, GOTO_LONG = 0x06, STORE_64 = 0x7b, LOAD_64 = 0x79, FRAME = 10;
/** Stack offsets are -8 to -512. */
const FIRST_SLOT = 11, STACK_BYTES = 512;
const MOVE_IMMEDIATE_64 = 0xb7, MOVE_IMMEDIATE_32 = 0xb4, MOVE_64 = 0xbf;
const CLASS_MASK = 7;
const LD = 0, LDX = 1, ALU = 4, JMP = 5, JMP32 = 6, ALU64 = 7;
/** Of all code of an object. */
const MAX_STEPS = 1 << 22;

interface Register {
  readonly constant?: number;
  readonly map?: string;
  /** Map whose element a lookup returned. */
  readonly element?: string;
}

interface Found {
  readonly sizes: Set<number>;
  readonly fromMaps: Set<string>;
  isVariable: boolean;
}

/** Reads the calls of one object. */
export class OutputCallReader {
  readonly #elf: ElfFile;
  readonly #symbols: readonly ElfSymbol[];
  readonly #maps = new Map<string, Found>();
  readonly #iterators = new Map<string, Found>();
  readonly #uses = new Map<string, Set<number>>();
  #steps = 0;

  /** @throws {ElfError} when the symbol table is damaged */
  constructor(elf: ElfFile) {
    this.#elf = elf;
    this.#symbols = elf.symbolTable();
  }

  /** @throws {ElfError} when the object has too much code */
  read(): OutputCalls {
    this.#elf.sections.forEach((section, index) => {
      if (section.isCode && section.hasBytes) this.#section(index);
    });
    return { maps: this.#maps, iterators: this.#iterators, uses: this.#uses };
  }

  #section(index: number): void {
    const section = this.#elf.sections[index];
    if (section === undefined) return;
    const bytes = this.#elf.content(section);
    this.#steps += bytes.length / INSTRUCTION_BYTES;
    if (this.#steps > MAX_STEPS) throw new ElfError("its programs are too large to be read");
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const relocations = new Map(
      this.#elf.relocations(index).map(({ offset, symbol }) => [offset, this.#symbols[symbol]]),
    );
    const starts = new Map(
      this.#symbols.filter((one) => one.kind === "function" && one.section === index)
        .map(({ value, name }) => [value, name]),
    );
    const jumps = readJumps(view);
    const pending = new Map<number, Register[]>();
    let registers: Register[] | undefined = [];
    let program = "";
    for (let at = 0; at + INSTRUCTION_BYTES <= bytes.length; at += INSTRUCTION_BYTES) {
      program = starts.get(at) ?? program;
      registers = meet(registers, pending.get(at));
      pending.delete(at);
      if (registers === undefined || starts.has(at) || jumps.backward.has(at)) registers = [];
      const code = view.getUint8(at);
      const jump = jumps.forward.get(at);
      if (jump !== undefined) {
        pending.set(jump, meet(pending.get(jump), [...registers]) ?? []);
        if (code === GOTO || code === GOTO_LONG) registers = undefined;
      } else if (code === CALL) {
        const isHelper = view.getUint8(at + 1) >> 4 === 0 && !relocations.has(at);
        const result = isHelper
          ? this.#call(view.getInt32(at + 4, true), registers, program)
          : undefined;
        registers = [result ?? {}, {}, {}, {}, {}, {}, ...registers.slice(6)];
      } else if (code === EXIT) registers = undefined;
      else step(registers, { view, at, code, map: mapName(this.#elf, relocations.get(at)) });
      if (code === LOAD_WIDE) at += INSTRUCTION_BYTES;
    }
  }

  #call(helper: number, registers: Register[], program: string): Register | undefined {
    const map = registers[1]?.map;
    if (map !== undefined) {
      const uses = this.#uses.get(map) ?? new Set<number>();
      this.#uses.set(map, uses.add(helper));
    }
    if (helper === LOOKUP) return map === undefined ? undefined : { element: map };
    const known = HELPERS.get(helper);
    if (known === undefined) return undefined;
    const table = known.map === undefined ? this.#iterators : this.#maps;
    const name = known.map === undefined ? program : registers[known.map]?.map;
    if (name === undefined) return undefined;
    let found = table.get(name);
    if (found === undefined) {
      found = { sizes: new Set(), fromMaps: new Set(), isVariable: false };
      table.set(name, found);
    }
    const size = registers[known.size]?.constant;
    if (size === undefined || size <= 0) found.isVariable = true;
    else found.sizes.add(size);
    const element = known.data === undefined ? undefined : registers[known.data]?.element;
    if (element !== undefined) found.fromMaps.add(element);
    return undefined;
  }
}

/** Name of the map that a relocation refers to. */
function mapName(elf: ElfFile, symbol: ElfSymbol | undefined): string | undefined {
  if (symbol === undefined) return undefined;
  const section = elf.sections[symbol.section]?.name;
  return section === ".maps" || section === "maps" ? symbol.name : undefined;
}

interface Jumps {
  /** Targets of forward jumps by the place of the jump. */
  readonly forward: ReadonlyMap<number, number>;
  /** Targets of jumps that go back. */
  readonly backward: ReadonlySet<number>;
}

function readJumps(view: DataView): Jumps {
  const forward = new Map<number, number>();
  const backward = new Set<number>();
  for (let at = 0; at + INSTRUCTION_BYTES <= view.byteLength; at += INSTRUCTION_BYTES) {
    const code = view.getUint8(at);
    if (code === LOAD_WIDE) {
      at += INSTRUCTION_BYTES;
      continue;
    }
    const kind = code & CLASS_MASK;
    if ((kind !== JMP && kind !== JMP32) || code === CALL || code === EXIT) continue;
    const isLong = code === GOTO_LONG;
    const distance = isLong ? view.getInt32(at + 4, true) : view.getInt16(at + 2, true);
    const target = at + (distance + 1) * INSTRUCTION_BYTES;
    if (target > at) forward.set(at, target);
    else backward.add(target);
  }
  return { forward, backward };
}

/** Keeps what two paths agree on; a path that does not get there is undefined. */
function meet(a: Register[] | undefined, b: Register[] | undefined): Register[] | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const both: Register[] = [];
  a.forEach((one: Register | undefined, i) => {
    const other = b[i];
    if (one !== undefined && other !== undefined && sameRegister(one, other)) both[i] = one;
  });
  return both;
}

function sameRegister(a: Register, b: Register): boolean {
  return a.constant === b.constant && a.map === b.map && a.element === b.element;
}

/** Index of a place on the stack, after those of the eleven registers. */
function slot(offset: number): number {
  return FIRST_SLOT - offset;
}

/** Follows one instruction that is not a call. */
function step(
  registers: Register[],
  { view, at, code, map }: { view: DataView; at: number; code: number; map: string | undefined },
): void {
  const operands = view.getUint8(at + 1);
  const to = operands & 0xf;
  const immediate = view.getInt32(at + 4, true);
  switch (code) {
    case MOVE_IMMEDIATE_64:
    case MOVE_IMMEDIATE_32:
      registers[to] = { constant: immediate };
      return;
    case MOVE_64:
      registers[to] = registers[operands >> 4] ?? {};
      return;
    case STORE_64:
    case LOAD_64: {
      const offset = view.getInt16(at + 2, true);
      const onStack = offset < 0 && offset >= -STACK_BYTES;
      const from = operands >> 4;
      if (code === STORE_64) {
        if (to === FRAME && onStack) registers[slot(offset)] = registers[from] ?? {};
        return;
      }
      registers[to] = from === FRAME && onStack ? registers[slot(offset)] ?? {} : {};
      return;
    }
    case LOAD_WIDE: {
      const isPlain = operands >> 4 === 0 && map === undefined;
      registers[to] = map === undefined ? isPlain ? { constant: immediate } : {} : { map };
      return;
    }
  }
  const kind = code & CLASS_MASK;
  if (kind === LD || kind === LDX || kind === ALU || kind === ALU64) registers[to] = {};
}
