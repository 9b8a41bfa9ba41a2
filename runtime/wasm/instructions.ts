/** Walks over a function's instructions, using the immediates of each opcode. */
import { type Reader, WasmSyntaxError } from "./reader.ts";

/** `loop`: the only place that a branch can go back to. */
export const LOOP = 0x03;

/** Opcodes with that many indices after them. */
const INDICES = new Map([
  ...[0x07, 0x08, 0x09, 0x18].map((opcode) => [opcode, 1] as const), // catch throw rethrow delegate
  ...[0x0c, 0x0d].map((opcode) => [opcode, 1] as const), // br br_if
  ...[0x10, 0x12, 0x14, 0x15].map((opcode) => [opcode, 1] as const), // call, by tail, by reference
  ...[0x11, 0x13].map((opcode) => [opcode, 2] as const), // call_indirect, by tail
  ...[0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26].map((opcode) => [opcode, 1] as const), // variables
  ...[0x3f, 0x40].map((opcode) => [opcode, 1] as const), // memory.size memory.grow
  ...[0xd2, 0xd5, 0xd6].map((opcode) => [opcode, 1] as const), // ref.func br_on_null br_on_non_null
]);

/** Indices after the 0xfb opcodes (garbage collection), by number. */
const GC_INDICES = [1, 1, 2, 2, 2, 2, 1, 1, 2, 2, 2, 1, 1, 1, 1, 0, 1, 2, 2, 2, 1, 1, 1, 1];
const GC_CAST_BRANCHES = [24, 25];
const GC_LAST = 30;

/** Indices after the 0xfc opcodes (saturating conversions, bulk memory and tables), by number. */
const BULK_INDICES = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1];

const SIMD_LAST = 0x113;
const ATOMIC_LAST = 0x4e;

const REF_NULL_TYPE = 0x63;
const REF_TYPE = 0x64;
/** In a memory argument's alignment: an index of a memory follows. */
const HAS_MEMORY_INDEX = 0x40;

function unknown(opcode: number, prefix = ""): WasmSyntaxError {
  return new WasmSyntaxError(`instruction ${prefix}0x${opcode.toString(16)} is not known`);
}

function skipIndices(reader: Reader, count: number): void {
  for (let i = 0; i < count; i++) reader.u32();
}

/** Passes over a value type, or a block's: `0x40`, a value type, or an index. */
export function skipType(reader: Reader): void {
  const first = reader.bytes[reader.at];
  reader.skipLeb();
  if (first === REF_TYPE || first === REF_NULL_TYPE) reader.skipLeb();
}

function skipMemoryArgument(reader: Reader): void {
  if (reader.u32() & HAS_MEMORY_INDEX) reader.u32();
  reader.skipLeb();
}

function skipTryTable(reader: Reader): void {
  skipType(reader);
  reader.each(() => {
    const kind = reader.u8();
    if (kind > 3) throw unknown(kind, "catch ");
    skipIndices(reader, kind < 2 ? 2 : 1);
  });
}

function skipGc(reader: Reader): void {
  const number = reader.u32();
  const indices = GC_INDICES[number];
  if (indices !== undefined) {
    // A heap type in place of an index is a signed number of the same length.
    for (let i = 0; i < indices; i++) reader.skipLeb();
  } else if (GC_CAST_BRANCHES.includes(number)) {
    reader.skip(1);
    reader.u32();
    reader.skipLeb();
    reader.skipLeb();
  } else if (number > GC_LAST) {
    throw unknown(number, "0xfb ");
  }
}

function skipBulk(reader: Reader): void {
  const number = reader.u32();
  const indices = BULK_INDICES[number];
  if (indices === undefined) throw unknown(number, "0xfc ");
  skipIndices(reader, indices);
}

function skipSimd(reader: Reader): void {
  const number = reader.u32();
  if (number <= 11 || number === 92 || number === 93) return skipMemoryArgument(reader);
  if (number === 12 || number === 13) return reader.skip(16);
  if (number >= 21 && number <= 34) return reader.skip(1);
  if (number >= 84 && number <= 91) {
    skipMemoryArgument(reader);
    return reader.skip(1);
  }
  if (number > SIMD_LAST) throw unknown(number, "0xfd ");
}

function skipAtomic(reader: Reader): void {
  const number = reader.u32();
  if (number === 3) return reader.skip(1);
  if (number > 3 && number < 0x10 || number > ATOMIC_LAST) throw unknown(number, "0xfe ");
  skipMemoryArgument(reader);
}

/**
 * Passes over one instruction; `block`, `loop` and the like are one without their content.
 *
 * @returns its opcode, or the prefix of an opcode of several bytes
 * @throws {WasmSyntaxError} for one that is not known here
 */
export function skipInstruction(reader: Reader): number {
  const opcode = reader.u8();
  const indices = INDICES.get(opcode);
  if (indices !== undefined) {
    skipIndices(reader, indices);
  } else if (opcode >= 0x28 && opcode <= 0x3e) {
    skipMemoryArgument(reader);
  } else if (opcode < 0x45 || opcode > 0xc4) {
    skipOther(reader, opcode);
  }
  return opcode;
}

function skipOther(reader: Reader, opcode: number): void {
  switch (opcode) {
    case 0x00: // unreachable
    case 0x01: // nop
    case 0x05: // else
    case 0x0a: // throw_ref
    case 0x0b: // end
    case 0x0f: // return
    case 0x19: // catch_all
    case 0x1a: // drop
    case 0x1b: // select
    case 0xd1: // ref.is_null
    case 0xd3: // ref.eq
    case 0xd4: // ref.as_non_null
      return;
    case 0x02: // block
    case LOOP:
    case 0x04: // if
    case 0x06: // try
      return skipType(reader);
    case 0x0e: // br_table
      reader.each(() => reader.u32());
      reader.u32();
      return;
    case 0x1c: // select with types
      return reader.each(() => skipType(reader));
    case 0x1f:
      return skipTryTable(reader);
    case 0x41: // i32.const
    case 0x42: // i64.const
    case 0xd0: // ref.null
      return reader.skipLeb();
    case 0x43: // f32.const
      return reader.skip(4);
    case 0x44: // f64.const
      return reader.skip(8);
    case 0xfb:
      return skipGc(reader);
    case 0xfc:
      return skipBulk(reader);
    case 0xfd:
      return skipSimd(reader);
    case 0xfe:
      return skipAtomic(reader);
    default:
      throw unknown(opcode);
  }
}
