/**
 * JavaScript expressions that read integers from a record: `s` is the batch, `v` a view of it, `at` the
 * start of the record.
 */
import type { EnumType, Field, IntType } from "../schema.ts";

/** Integer as an expression. */
export type Access =
  | { readonly kind: "number"; readonly expr: string; readonly signed: boolean }
  | {
    readonly kind: "pair";
    readonly low: string;
    readonly high: string;
    readonly signed: boolean;
  }
  | { readonly kind: "big"; readonly expr: string };

/** Returns the expression of a place: `at+8`. */
export function place(offset: number): string {
  return offset === 0 ? "at" : `at+${offset}`;
}

/** Returns how the integer of a field is read. */
export function accessOf(
  { offset, bitOffset, bitSize }: Pick<Field, "offset" | "bitOffset" | "bitSize">,
  { bytes, signed }: Pick<IntType | EnumType, "bytes" | "signed">,
): Access {
  if (bitOffset !== undefined && bitSize !== undefined) return bitField(bitOffset, bitSize, signed);
  const at = place(offset);
  switch (bytes) {
    case 1:
      return number(signed ? `(s[${at}]<<24>>24)` : `s[${at}]`, signed);
    case 2:
      return number(`v.get${signed ? "Int" : "Uint"}16(${at},true)`, signed);
    case 4:
      return number(`v.get${signed ? "Int" : "Uint"}32(${at},true)`, signed);
    case 8:
      return {
        kind: "pair",
        low: `v.getUint32(${at},true)`,
        high: `v.getUint32(${place(offset + 4)},true)`,
        signed,
      };
    default:
      return { kind: "big", expr: `wide(v,${at},${signed})` };
  }
}

/** Returns how an integer in network byte order is read. */
export function bigEndian(offset: number, bytes: 2 | 4 | 8): Access {
  const at = place(offset);
  if (bytes === 8) {
    const low = `v.getUint32(${place(offset + 4)})`;
    return { kind: "pair", low, high: `v.getUint32(${at})`, signed: false };
  }
  return number(`v.getUint${bytes * 8}(${at})`, false);
}

function number(expr: string, signed: boolean): Access {
  return { kind: "number", expr, signed };
}

function bitField(bitOffset: number, bitSize: number, signed: boolean): Access {
  if (bitSize <= 32) {
    const bits = unsignedBits(bitOffset, bitSize);
    const shift = 32 - bitSize;
    return number(signed ? `(${bits}<<${shift}>>${shift})` : bits, signed);
  }
  const high = unsignedBits(bitOffset + 32, bitSize - 32);
  const shift = 64 - bitSize;
  return {
    kind: "pair",
    low: unsignedBits(bitOffset, 32),
    high: signed ? `(${high}<<${shift}>>${shift}>>>0)` : high,
    signed,
  };
}

/** At most 32 bits, over at most five bytes. */
function unsignedBits(bitOffset: number, bitSize: number): string {
  const start = Math.floor(bitOffset / 8);
  const shift = bitOffset % 8;
  const bytes = Math.ceil((shift + bitSize) / 8);
  const parts = Array.from({ length: Math.min(bytes, 4) }, (_, i) => {
    const byte = `s[${place(start + i)}]`;
    return i === 0 ? byte : `${byte}<<${i * 8}`;
  });
  let bits = `(${parts.join("|")})>>>${shift}`;
  if (bytes === 5) bits = `(${bits}|s[${place(start + 4)}]<<${32 - shift})`;
  return bitSize === 32 ? `(${bits}>>>0)` : `((${bits}&${2 ** bitSize - 1})>>>0)`;
}

/** Reads a 128-bit number. */
export function wide(view: DataView, at: number, signed: boolean): bigint {
  const low = view.getBigUint64(at, true);
  const high = signed ? view.getBigInt64(at + 8, true) : view.getBigUint64(at + 8, true);
  return high << 64n | low;
}
