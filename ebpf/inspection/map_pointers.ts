/**
 * Finds loads through the address of a map.
 *
 * The kernel's verifier follows that address from the map's structure to any object of the kernel, in
 * programs of every kind. `libbpf-shim/map_pointers.c` is the gate of loads; this is the same walk over
 * code that is not linked yet. An address that leaves the registers counts as a load.
 */
import {
  CALL,
  CodeReader,
  INSTRUCTION_BYTES,
  keyOf,
  LOAD_WIDE,
  type Place,
  PSEUDO_KFUNC_CALL,
} from "./code.ts";

/**
 * Registers r0 to r9 as bits, in two sets: what holds the address of a map, and what holds that of a map
 * of maps, whose elements are addresses of maps. r10 is the stack.
 */
const OF_MAPS = 10;
const RESULT = 1, FIRST = 2;
const REGISTERS = both(0x3ff), ARGUMENTS = both(0x3e);
const AFTER_CALL = REGISTERS & ~(ARGUMENTS | both(RESULT));
/** Of a state: the instruction was reached; it waits. */
const REACHED = 1 << 29, WAITS = 1 << 28;

const CLASS = 7, LD = 0, LDX = 1, ST = 2, STX = 3, ALU = 4, JMP = 5, JMP32 = 6, ALU64 = 7;
const OPERATION = 0xf0, MOV = 0xb0, END = 0xd0, JA = 0x00, CALLS = 0x80, EXIT = 0x90;
const BY_REGISTER = 8, WITHOUT_SIZE = 0xe7, ATOMIC = 0xc3, LOAD_ACQUIRE = 0x100;
const PSEUDO_MAP_FD = 1;
const LOOKUP = 1, FOR_EACH_ELEMENT = 164, TIMER_CALLBACK = 170;

/** Sections that declare maps. */
const MAP_SECTIONS: ReadonlySet<string> = new Set([".maps", "maps"]);

/** One section of code. */
interface Section {
  readonly index: number;
  readonly code: DataView;
  /** By instruction: registers that may hold the address of a map when it starts. */
  readonly states: Uint32Array;
}

/**
 * Returns the places of loads through addresses of maps, by {@linkcode keyOf}.
 *
 * @param mapsOfMaps names of maps whose elements are maps
 */
export function mapPointerLoads(
  code: CodeReader,
  mapsOfMaps: ReadonlySet<string>,
): ReadonlySet<string> {
  return new Walk(code, mapsOfMaps).run();
}

class Walk {
  readonly #code: CodeReader;
  readonly #mapsOfMaps: ReadonlySet<string>;
  readonly #callsBack: boolean;
  readonly #sections = new Map<number, Section>();
  readonly #waiting: Place[] = [];
  readonly #found = new Set<string>();

  constructor(code: CodeReader, mapsOfMaps: ReadonlySet<string>) {
    this.#code = code;
    this.#mapsOfMaps = code.placesOf(mapsOfMaps);
    code.elf.sections.forEach((_, index) => {
      const view = code.codeOf(index);
      if (view === undefined) return;
      const states = new Uint32Array(Math.floor(view.byteLength / INSTRUCTION_BYTES));
      this.#sections.set(index, { index, code: view, states });
    });
    this.#callsBack = [...this.#sections.values()].some((section) => this.#mayCallBack(section));
  }

  /** Walks from the start of each section, and from what nothing jumps to. */
  run(): ReadonlySet<string> {
    for (const { index, states } of this.#sections.values()) {
      for (let i = 0; i < states.length; i++) {
        if (((states[i] ?? 0) & REACHED) !== 0) continue;
        this.#flow({ section: index, start: i * INSTRUCTION_BYTES }, 0);
        for (let place = this.#waiting.pop(); place; place = this.#waiting.pop()) {
          this.#step(place);
        }
      }
    }
    return this.#found;
  }

  /** Elements of maps, timers and work queues are called back with a map. */
  #mayCallBack({ index, code, states }: Section): boolean {
    for (let at = 0; at < states.length * INSTRUCTION_BYTES; at += INSTRUCTION_BYTES) {
      this.#code.count(1);
      if (code.getUint8(at) !== CALL) continue;
      const source = code.getUint8(at + 1) >> 4;
      const isKfunc = source === PSEUDO_KFUNC_CALL || this.#code.symbolAt(index, at)?.section === 0;
      const helper = source === 0 ? code.getInt32(at + 4, true) : -1;
      if (isKfunc || helper === FOR_EACH_ELEMENT || helper === TIMER_CALLBACK) return true;
    }
    return false;
  }

  #flow({ section, start }: Place, held: number): void {
    const states = this.#sections.get(section)?.states;
    const i = start / INSTRUCTION_BYTES;
    const state = states?.[i];
    if (states === undefined || state === undefined) return;
    const next = state | held | REACHED;
    if (next === state) return;
    states[i] = next | WAITS;
    if ((state & WAITS) === 0) this.#waiting.push({ section, start });
  }

  #step(place: Place): void {
    this.#code.count(1);
    const { section, start: at } = place;
    const { code, states } = this.#sections.get(section) ?? {};
    if (code === undefined || states === undefined) return;
    const i = at / INSTRUCTION_BYTES;
    const held = (states[i] ?? 0) & REGISTERS;
    states[i] = (states[i] ?? 0) & ~WAITS;
    const opcode = code.getUint8(at);
    const [dst, src] = [bit(code.getUint8(at + 1) & 0xf), bit(code.getUint8(at + 1) >> 4)];
    const next = (bits: number) => this.#flow({ section, start: at + INSTRUCTION_BYTES }, bits);
    const find = (bits: number) => (held & bits) !== 0 && this.#found.add(keyOf(place));
    switch (opcode & CLASS) {
      case LD:
        if (opcode === LOAD_WIDE) this.#loadWide(place, held & ~both(dst), dst);
        else next(held & AFTER_CALL);
        return;
      case LDX:
        find(src);
        return next(held & ~both(dst));
      case ST:
        find(dst);
        return next(held);
      case STX: {
        const isAcquire = (opcode & WITHOUT_SIZE) === ATOMIC &&
          code.getInt32(at + 4, true) === LOAD_ACQUIRE;
        find(isAcquire ? src : src | dst);
        return next(held);
      }
      case ALU:
      case ALU64: {
        const operation = opcode & OPERATION;
        const hasSource = (opcode & BY_REGISTER) !== 0 && operation !== END;
        const kept = operation === MOV ? held & ~both(dst) : held;
        const more = ((held & src) !== 0 ? dst : 0) |
          ((held & src << OF_MAPS) !== 0 ? dst << OF_MAPS : 0);
        return next(hasSource ? kept | more : kept);
      }
      default:
        this.#jump(place, opcode, held);
    }
  }

  /** The address of a map, of a function that is called back, or anything else. */
  #loadWide(place: Place, others: number, dst: number): void {
    const { section, start: at } = place;
    const { code, states } = this.#sections.get(section) ?? {};
    if (code === undefined || states === undefined) return;
    const second = at / INSTRUCTION_BYTES + 1;
    if (second < states.length) states[second] = (states[second] ?? 0) | REACHED;
    const target = this.#code.symbolAt(section, at);
    const callee = this.#code.addressOf(target, code.getInt32(at + 4, true));
    if (callee !== undefined) this.#flow(callee, this.#callsBack ? FIRST : 0);
    const home = target && this.#code.elf.sections[target.section]?.name;
    const isMap = code.getUint8(at + 1) >> 4 === PSEUDO_MAP_FD || MAP_SECTIONS.has(home ?? "");
    const isOfMaps = target !== undefined &&
      this.#mapsOfMaps.has(keyOf({ section: target.section, start: target.value }));
    const bits = isOfMaps ? both(dst) : dst;
    this.#flow({ section, start: at + 2 * INSTRUCTION_BYTES }, isMap ? others | bits : others);
  }

  #jump(place: Place, opcode: number, held: number): void {
    const { section, start: at } = place;
    const code = this.#sections.get(section)?.code;
    if (code === undefined) return;
    const [offset, immediate] = [code.getInt16(at + 2, true), code.getInt32(at + 4, true)];
    const to = (instructions: number, bits: number) =>
      this.#flow({ section, start: at + (instructions + 1) * INSTRUCTION_BYTES }, bits);
    switch (opcode & OPERATION) {
      case CALLS:
        return to(0, this.#afterCall(place, code, held));
      case EXIT:
        if ((held & RESULT) !== 0) this.#found.add(keyOf(place));
        return;
      case JA:
        // To an address in a register, by a table that is not looked at.
        if ((opcode & BY_REGISTER) !== 0) this.#found.add(keyOf(place));
        return to((opcode & CLASS) === JMP32 ? immediate : offset, held);
      default:
        if ((opcode & CLASS) !== JMP && (opcode & CLASS) !== JMP32) return;
        to(0, held);
        to(offset, held);
    }
  }

  #afterCall(place: Place, code: DataView, held: number): number {
    const source = code.getUint8(place.start + 1) >> 4;
    const immediate = code.getInt32(place.start + 4, true);
    const target = this.#code.symbolAt(place.section, place.start);
    const callee = this.#code.calleeOf(place, { source, immediate, target });
    if (callee !== undefined) this.#flow(callee, held & ARGUMENTS);
    const isInner = source === 0 && target === undefined && immediate === LOOKUP &&
      (held & FIRST << OF_MAPS) !== 0;
    return held & AFTER_CALL | (isInner ? RESULT : 0);
  }
}

function bit(register: number): number {
  return register < OF_MAPS ? 1 << register : 0;
}

function both(bits: number): number {
  return bits | bits << OF_MAPS;
}
