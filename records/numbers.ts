/** Values of fields as numbers, for metrics. */
import type { Field } from "./schema.ts";

/** Returns the value of the record at `at`; exact up to 2^53. */
export type NumberReader = (v: DataView, at: number) => number;

/** Reports whether {@linkcode numberReader} can read a field. */
export function isNumeric(field: Field): boolean {
  const { type } = field;
  if (type.kind === "float") return true;
  return (type.kind === "int" || type.kind === "enum") && type.bytes <= 8;
}

/** Returns the reader of a field; undefined for one that is not a number. */
export function numberReader(field: Field): NumberReader | undefined {
  const { type, offset, bitOffset, bitSize, format } = field;
  if (!isNumeric(field)) return undefined;
  if (type.kind === "float") {
    return type.bytes === 8
      ? (v, at) => v.getFloat64(at + offset, true)
      : (v, at) => v.getFloat32(at + offset, true);
  }
  if (type.kind !== "int" && type.kind !== "enum") return undefined;
  if (bitSize !== undefined && bitOffset !== undefined) {
    return (v, at) => bits(v, at, { bitOffset, bitSize, signed: type.signed });
  }
  const little = !/^be(16|32|64)$/.test(format.name);
  return integerReader(offset, type.bytes, type.signed, little);
}

function integerReader(
  offset: number,
  bytes: number,
  signed: boolean,
  little: boolean,
): NumberReader {
  switch (bytes) {
    case 1:
      return signed ? (v, at) => v.getInt8(at + offset) : (v, at) => v.getUint8(at + offset);
    case 2:
      return signed
        ? (v, at) => v.getInt16(at + offset, little)
        : (v, at) => v.getUint16(at + offset, little);
    case 4:
      return signed
        ? (v, at) => v.getInt32(at + offset, little)
        : (v, at) => v.getUint32(at + offset, little);
    default: {
      const [high, low] = little ? [4, 0] : [0, 4];
      return signed
        ? (v, at) =>
          v.getInt32(at + offset + high, little) * 2 ** 32 + v.getUint32(at + offset + low, little)
        : (v, at) =>
          v.getUint32(at + offset + high, little) * 2 ** 32 +
          v.getUint32(at + offset + low, little);
    }
  }
}

/** Reads a bit-field of at most 64 bits, which may start within a byte. */
function bits(
  v: DataView,
  at: number,
  { bitOffset, bitSize, signed }: { bitOffset: number; bitSize: number; signed: boolean },
): number {
  const first = Math.floor(bitOffset / 8);
  const last = Math.min(Math.floor((bitOffset + bitSize - 1) / 8), v.byteLength - at - 1);
  let value = 0n;
  for (let i = last; i >= first; i--) value = value << 8n | BigInt(v.getUint8(at + i));
  value >>= BigInt(bitOffset % 8);
  return Number(signed ? BigInt.asIntN(bitSize, value) : BigInt.asUintN(bitSize, value));
}
