/**
 * One value from the values of all CPUs: amounts are added up, everything else is one of them.
 *
 * Sums of short integers have 64 bits of their own after the value: four billion are soon counted.
 */
import { type Field, isStack, type Schema } from "../../records/mod.ts";

/** Value of all CPUs, and the schema that reads it. */
export interface CpuSums {
  /** Schema of rows, with the sums after the value. */
  readonly schema: Schema;
  /**
   * Writes one row's value.
   *
   * @param values of all CPUs, `step` bytes each
   * @param row row whose value starts at the schema's start of values
   */
  write(values: Uint8Array<ArrayBuffer>, row: Uint8Array<ArrayBuffer>): void;
}

/** Formats of amounts. */
const AMOUNT = /^(dec|size|ns|us|ms|s)$/;

/** Names of numbers that identify: two of them have no sum. */
const IDENTITY =
  /(^|[._])(pid|tgid|ppid|tid|pid_tgid|uid|gid|euid|egid|id|fd|cpu|ino|inode|dev|ifindex|netns|mntns|family|af|proto|protocol|version)$|(^|[._sdlr])port$|addr(_?v?[46])?$|(^|[._])(ts|timestamp)(_ns)?$/i;
const MOST = /(^|[._])max(_|$)|_max$/i, LEAST = /(^|[._])min(_|$)|_min$/i;

type Way = "sum" | "most" | "least" | "first";

/** Returns how the values of a field become one. */
function wayOf(field: Field, others: readonly Field[]): Way {
  const { name, type, format, offset } = field;
  const amount = type.kind === "array" && format.name === "list" ? type.format : format;
  const number = type.kind === "array" ? type.element : type;
  if (number.kind !== "int" || number.of !== undefined || isStack(field)) return "first";
  if (format.name === "time") return "most";
  if (!AMOUNT.test(amount.name) || IDENTITY.test(name)) return "first";
  const decides = others.some(({ family, used, port }) =>
    [family, used, port].some((place) => place?.offset === offset)
  );
  if (decides) return "first";
  return MOST.test(name) ? "most" : LEAST.test(name) ? "least" : "sum";
}

/** Integer of the value: of a field, or of an element of an array. */
interface Part {
  /** Bits from the start of the value. */
  readonly bit: number;
  readonly bits: number;
  readonly signed: boolean;
  readonly way: Way;
  /** Bytes from the start of the row to the 64 bits of its sum; undefined if it stays in place. */
  readonly wide: number | undefined;
  /** Bounds of what fits its place. */
  readonly least: bigint;
  readonly most: bigint;
}

/** Fields of a row, and the integers and bytes that they are made of. */
interface Layout {
  readonly schema: Schema;
  readonly parts: readonly Part[];
  /** Places of which one CPU's bytes are taken, from the start of the value. */
  readonly places: readonly { readonly at: number; readonly bytes: number }[];
}

function layoutOf(schema: Schema, start: number): Layout {
  const parts: Part[] = [];
  const places: { readonly at: number; readonly bytes: number }[] = [];
  let size = schema.size;
  const fields = schema.fields.map((field): Field => {
    if (field.offset < start) return field;
    const way = wayOf(field, schema.fields);
    const { type, bitOffset, bitSize } = field;
    const at = field.offset - start;
    if (way === "first") {
      if (bitSize === undefined) places.push({ at, bytes: field.size });
      return field;
    }
    if (type.kind === "array") {
      const bits = type.stride * 8;
      const signed = type.element.kind === "int" && type.element.signed;
      const part = { bits, signed, way, wide: undefined, ...boundsOf(bits, signed) };
      for (let i = 0; i < type.length; i++) parts.push({ ...part, bit: at * 8 + i * bits });
      return field;
    }
    if (type.kind !== "int") return field;
    const { signed } = type;
    const isBits = bitOffset !== undefined && bitSize !== undefined;
    const bit = isBits ? bitOffset - start * 8 : at * 8;
    const bits = isBits ? bitSize : type.bytes * 8;
    // A formula writes its own field.
    const isWide = way === "sum" && (isBits || bits < 64) && field.computed === undefined;
    const part = { bit, bits, signed, way, ...boundsOf(bits, signed) };
    if (!isWide) {
      parts.push({ ...part, wide: undefined });
      return field;
    }
    const wide = size;
    size += 8;
    parts.push({ ...part, wide });
    const { bitOffset: _offset, bitSize: _size, ...rest } = field;
    return { ...rest, offset: wide, size: 8, type: { ...type, bytes: 8 } };
  });
  return { schema: { ...schema, size, fields }, parts, places };
}

/**
 * Returns how rows of a per-CPU map are made.
 *
 * @param start bytes of a row before the value
 */
export function cpuSums(
  given: Schema,
  { start, valueBytes, step }: { start: number; valueBytes: number; step: number },
): CpuSums {
  const { schema, parts, places } = layoutOf(given, start);
  return {
    schema,
    write: (values, row) => {
      const cpus = values.length / step;
      const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
      const rowView = new DataView(row.buffer, row.byteOffset, row.byteLength);
      const written: number[] = [];
      for (let cpu = 0; cpu < cpus; cpu++) {
        if (!isZero(values, cpu * step, valueBytes)) written.push(cpu * step);
      }
      const [first = 0] = written;
      row.set(values.subarray(first, first + valueBytes), start);
      if (written.length > 1) {
        for (const { at, bytes } of places) {
          if (!isZero(row, start + at, bytes)) continue;
          const other = written.find((cpu) => !isZero(values, cpu + at, bytes));
          if (other === undefined) continue;
          row.set(values.subarray(other + at, other + at + bytes), start + at);
        }
      }
      for (const part of parts) {
        if (part.wide === undefined && written.length < 2) continue;
        const total = combined(part, view, written);
        if (part.wide !== undefined) {
          rowView.setBigUint64(part.wide, BigInt.asUintN(64, total), true);
        }
        if (part.bit % 8 === 0 && part.bits % 8 === 0) {
          writeInteger(rowView, start + part.bit / 8, bounded(total, part), part.bits / 8);
        }
      }
    },
  };
}

function isZero(bytes: Uint8Array, from: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[from + i] !== 0) return false;
  return true;
}

function combined(part: Part, view: DataView, written: readonly number[]): bigint {
  let total: bigint | undefined;
  for (const at of written) {
    const value = readInteger(view, at * 8 + part.bit, part);
    if (total === undefined) total = value;
    else if (part.way === "sum") total += value;
    else if ((part.way === "most") === (value > total)) total = value;
  }
  return total ?? 0n;
}

function boundsOf(bits: number, signed: boolean): Pick<Part, "least" | "most"> {
  const most = (1n << BigInt(signed ? bits - 1 : bits)) - 1n;
  return { least: signed ? -most - 1n : 0n, most };
}

/** Returns a sum that fits its place: one beyond it stays at the end. */
function bounded(value: bigint, { least, most }: Part): bigint {
  return value > most ? most : value < least ? least : value;
}

function readInteger(view: DataView, bit: number, { bits, signed }: Part): bigint {
  const at = Math.floor(bit / 8);
  if (bits === 64 && bit % 8 === 0) {
    return signed ? view.getBigInt64(at, true) : view.getBigUint64(at, true);
  }
  if (bits === 32 && bit % 8 === 0) {
    return BigInt(signed ? view.getInt32(at, true) : view.getUint32(at, true));
  }
  const last = Math.floor((bit + bits - 1) / 8);
  let value = 0n;
  for (let i = last; i >= at; i--) value = value << 8n | BigInt(view.getUint8(i));
  value >>= BigInt(bit % 8);
  return signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
}

function writeInteger(view: DataView, at: number, value: bigint, bytes: number): void {
  if (bytes === 8) return view.setBigUint64(at, BigInt.asUintN(64, value), true);
  if (bytes === 4) return view.setUint32(at, Number(BigInt.asUintN(32, value)), true);
  for (let i = 0; i < bytes; i++) {
    view.setUint8(at + i, Number(value >> BigInt(8 * i) & 255n));
  }
}
