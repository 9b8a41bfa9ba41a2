/**
 * Calls of a function and of all that it calls, read from instructions and relocations.
 *
 * Format: Documentation/bpf/standardization/instruction-set.rst of the kernel. Subprograms and
 * callbacks are followed; each function is read once, so circles end.
 */
import type { ElfFile, ElfRelocation, ElfSymbol } from "../btf/elf.ts";
import { ElfError } from "../btf/errors.ts";

/** Calls of a function and of the functions that it calls. */
export interface Calls {
  /** `BPF_FUNC_*` numbers. */
  readonly helpers: ReadonlySet<number>;
  /** Names of kernel functions; `#N` for one that is called by its BTF id. */
  readonly kfuncs: ReadonlySet<string>;
  /** Variables of the kernel that are read. */
  readonly variables: ReadonlySet<string>;
  /** True if a call goes to a computed address. */
  readonly isIndirect: boolean;
  /** Kinds of instructions that not every kernel has, such as `may_goto`. */
  readonly instructions: ReadonlySet<string>;
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

/** Calls in one function itself. */
interface Direct {
  readonly helpers: Set<number>;
  readonly kfuncs: Set<string>;
  readonly variables: Set<string>;
  readonly callees: Place[];
  readonly instructions: Set<string>;
  isIndirect: boolean;
}

/**
 * Instructions that are read and functions that are followed, of one object together: libbpf loads at
 * most a million instructions a program, and hostile functions may overlap.
 */
const MAX_STEPS = 1 << 23;

/** Reads the calls of functions of one object. */
export class CallReader {
  readonly #elf: ElfFile;
  readonly #symbols: readonly ElfSymbol[];
  /** Sizes of functions by {@linkcode keyOf}; of several at one place, the largest. */
  readonly #sizes = new Map<string, number>();
  readonly #direct = new Map<string, Direct>();
  readonly #relocations = new Map<number, Map<number, ElfRelocation>>();
  #steps = 0;

  /** @throws {ElfError} when the symbol table is damaged */
  constructor(elf: ElfFile) {
    this.#elf = elf;
    this.#symbols = elf.symbolTable();
    for (const { kind, section, value, size } of this.#symbols) {
      if (kind !== "function") continue;
      const key = keyOf({ section, start: value });
      this.#sizes.set(key, Math.max(size, this.#sizes.get(key) ?? 0));
    }
  }

  /**
   * Returns all that a function calls, directly or not.
   *
   * @throws {ElfError} when the object's functions are too many or too large together
   */
  callsOf({ section, value }: ElfSymbol): Calls {
    const helpers = new Set<number>();
    const kfuncs = new Set<string>();
    const variables = new Set<string>();
    const instructions = new Set<string>();
    let isIndirect = false;
    const seen = new Set<string>();
    const waiting: Place[] = [{ section, start: value }];
    for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
      const key = keyOf(place);
      if (seen.has(key)) continue;
      seen.add(key);
      const direct = this.#directOf(key, place);
      this.#count(1 + direct.callees.length + direct.helpers.size + direct.kfuncs.size);
      direct.helpers.forEach((number) => helpers.add(number));
      direct.kfuncs.forEach((name) => kfuncs.add(name));
      direct.variables.forEach((name) => variables.add(name));
      direct.instructions.forEach((name) => instructions.add(name));
      isIndirect ||= direct.isIndirect;
      for (const callee of direct.callees) waiting.push(callee);
    }
    return { helpers, kfuncs, variables, isIndirect, instructions };
  }

  #count(steps: number): void {
    this.#steps += steps;
    if (this.#steps > MAX_STEPS) throw new ElfError("its programs are too large to be inspected");
  }

  #directOf(key: string, place: Place): Direct {
    let direct = this.#direct.get(key);
    if (direct === undefined) {
      direct = {
        helpers: new Set(),
        kfuncs: new Set(),
        variables: new Set(),
        callees: [],
        instructions: new Set(),
        isIndirect: false,
      };
      this.#read(key, place, direct);
      this.#direct.set(key, direct);
    }
    return direct;
  }

  #read(key: string, { section, start }: Place, found: Direct): void {
    const header = this.#elf.sections[section];
    // A place outside of the section: libbpf refuses such an object.
    if (header === undefined || !header.isCode || start < 0) return;
    const bytes = this.#elf.content(header);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const end = Math.min(start + (this.#sizes.get(key) ?? bytes.length), bytes.length);
    const relocations = this.#relocationsOf(section);
    for (let at = start; at + INSTRUCTION_BYTES <= end; at += INSTRUCTION_BYTES) {
      this.#count(1);
      const code = view.getUint8(at);
      const source = view.getUint8(at + 1) >> 4;
      const immediate = view.getInt32(at + 4, true);
      const relocation = relocations.get(at);
      const target = relocation && this.#symbols[relocation.symbol];
      if (code === CALL) this.#call({ section, at, source, immediate, target }, found);
      else if (code === CALL_INDIRECT) found.isIndirect = true;
      else if (code !== LOAD_WIDE) {
        const newer = newerInstruction(code, view.getInt16(at + 2, true), immediate);
        if (newer !== undefined) found.instructions.add(newer);
      } else {
        if (target !== undefined) this.#reference(target, immediate, found);
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
    found: Direct,
  ): void {
    if (source === PSEUDO_KFUNC_CALL) found.kfuncs.add(target?.name || `#${immediate}`);
    else if (target !== undefined && target.section === 0) found.kfuncs.add(target.name);
    else if (target !== undefined) {
      const start = target.value + (immediate + 1) * INSTRUCTION_BYTES;
      found.callees.push({ section: target.section, start });
    } else if (source === PSEUDO_CALL) {
      found.callees.push({ section, start: at + (immediate + 1) * INSTRUCTION_BYTES });
    } else found.helpers.add(immediate);
  }

  /** A wide load of the address of a map, a variable, or a function that is called back. */
  #reference(target: ElfSymbol, immediate: number, found: Direct): void {
    if (target.section === 0) found.variables.add(target.name);
    else if (this.#elf.sections[target.section]?.isCode === true) {
      found.callees.push({ section: target.section, start: target.value + immediate });
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

const CLASS = 7, LDX = 1, STX = 3, ALU = 4, ALU64 = 7;
const MODE = 0xe0, ATOMIC = 0xc0, MEMSX = 0x80;
const OPERATION = 0xf0, DIV = 0x30, MOD = 0x90, MOV = 0xb0;
const BYTE_SWAP = 0xd7, LONG_JUMP = 0x06, MAY_GOTO = 0xe5;
const ATOMIC_ADD = 0, LOAD_ACQUIRE = 0x100, STORE_RELEASE = 0x110;

/** Names an instruction that the first kernels with BTF did not have. */
function newerInstruction(code: number, offset: number, immediate: number): string | undefined {
  const kind = code & CLASS;
  if (kind === STX && (code & MODE) === ATOMIC) {
    if (immediate === LOAD_ACQUIRE || immediate === STORE_RELEASE) {
      return "load_acquire and store_release";
    }
    return immediate === ATOMIC_ADD ? undefined : "atomic operations";
  }
  if (code === MAY_GOTO) return "may_goto";
  if (kind === ALU64 && (code & OPERATION) === MOV && offset === 1) return "addr_space_cast";
  const isSigned = (kind === ALU || kind === ALU64) && offset !== 0 &&
    [DIV, MOD, MOV].includes(code & OPERATION);
  const isV4 = isSigned || code === BYTE_SWAP || code === LONG_JUMP ||
    (kind === LDX && (code & MODE) === MEMSX);
  return isV4 ? "instructions of cpu v4" : undefined;
}

function keyOf({ section, start }: Place): string {
  return `${section}:${start}`;
}
