/**
 * Calls of a function and of all that it calls, read from instructions and relocations.
 *
 * Format: Documentation/bpf/standardization/instruction-set.rst of the kernel. Subprograms and
 * callbacks are followed; each function is read once, so circles end.
 */
import type { ElfSymbol } from "../btf/elf.ts";
import {
  CALL,
  CALL_INDIRECT,
  CodeReader,
  INSTRUCTION_BYTES,
  keyOf,
  LOAD_WIDE,
  type Place,
  PSEUDO_KFUNC_CALL,
} from "./code.ts";

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
  /** True if it may read memory of the kernel by the address of a map. */
  readonly readsByMap: boolean;
  /** Kinds of instructions that not every kernel has, such as `may_goto`. */
  readonly instructions: ReadonlySet<string>;
}

/** Calls in one function itself. */
interface Direct {
  readonly helpers: Set<number>;
  readonly kfuncs: Set<string>;
  readonly variables: Set<string>;
  readonly callees: Place[];
  readonly instructions: Set<string>;
  isIndirect: boolean;
  readsByMap: boolean;
}

/** Reads the calls of functions of one object. */
export class CallReader {
  readonly #code: CodeReader;
  readonly #direct = new Map<string, Direct>();
  readonly #mapLoads: ReadonlySet<string>;
  readonly #exceptionCallbacks: readonly Place[];

  /**
   * @param mapLoads places of loads by the address of a map; default: not looked for
   * @throws {ElfError} when the code is too large
   */
  constructor(code: CodeReader, mapLoads: ReadonlySet<string> = new Set()) {
    this.#code = code;
    this.#mapLoads = mapLoads;
    this.#exceptionCallbacks = code.exceptionCallbacks();
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
    let isIndirect = false, readsByMap = false;
    const seen = new Set<string>();
    const waiting: Place[] = [{ section, start: value }, ...this.#exceptionCallbacks];
    for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
      const key = keyOf(place);
      if (seen.has(key)) continue;
      seen.add(key);
      const direct = this.#directOf(key, place);
      this.#code.count(1 + direct.callees.length + direct.helpers.size + direct.kfuncs.size);
      direct.helpers.forEach((number) => helpers.add(number));
      direct.kfuncs.forEach((name) => kfuncs.add(name));
      direct.variables.forEach((name) => variables.add(name));
      direct.instructions.forEach((name) => instructions.add(name));
      isIndirect ||= direct.isIndirect;
      readsByMap ||= direct.readsByMap;
      for (const callee of direct.callees) waiting.push(callee);
    }
    return { helpers, kfuncs, variables, isIndirect, readsByMap, instructions };
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
        readsByMap: false,
      };
      this.#read(place, direct);
      this.#direct.set(key, direct);
    }
    return direct;
  }

  #read(place: Place, found: Direct): void {
    const { section, start } = place;
    const view = this.#code.codeOf(section);
    // A place outside of the section: libbpf refuses such an object.
    if (view === undefined || start < 0) return;
    const end = this.#code.endOf(place, view);
    for (let at = start; at + INSTRUCTION_BYTES <= end; at += INSTRUCTION_BYTES) {
      this.#code.count(1);
      const code = view.getUint8(at);
      const source = view.getUint8(at + 1) >> 4;
      const immediate = view.getInt32(at + 4, true);
      const target = this.#code.symbolAt(section, at);
      if (this.#mapLoads.has(keyOf({ section, start: at }))) found.readsByMap = true;
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
    const callee = this.#code.calleeOf({ section, start: at }, { source, immediate, target });
    if (callee !== undefined) found.callees.push(callee);
    else if (source === PSEUDO_KFUNC_CALL) found.kfuncs.add(target?.name || `#${immediate}`);
    else if (target !== undefined) found.kfuncs.add(target.name);
    else found.helpers.add(immediate);
  }

  /** A wide load of the address of a map, a variable, or a function that is called back. */
  #reference(target: ElfSymbol, immediate: number, found: Direct): void {
    const callee = this.#code.addressOf(target, immediate);
    if (target.section === 0) found.variables.add(target.name);
    else if (callee !== undefined) found.callees.push(callee);
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
