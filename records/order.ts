/** Order of rows: `--sort -a,b`. */
import { type Access, accessOf, bigEndian, wide } from "./compile/access.ts";
import { Code } from "./compile/code.ts";
import { RecordsError } from "./errors.ts";
import { findFields } from "./fields.ts";
import type { SortKey } from "./output_options.ts";
import type { Field, FieldType, Schema } from "./schema.ts";

/**
 * Reads `-a,b`: by `a`, highest first, then by `b`.
 *
 * @throws {RecordsError} `BAD_RECORDS` for an empty name
 */
export function parseSort(text: string): SortKey[] {
  return text.split(",").map((word) => {
    const field = word.trim().replace(/^[+-]/, "");
    if (field === "") {
      throw new RecordsError(`Cannot sort by "${text}": a name is empty`, {
        code: "BAD_RECORDS",
        hint: "write names with commas, with - for the highest first: -count,comm",
      });
    }
    return { field, descending: word.trim().startsWith("-") };
  });
}

/** Rows of one size, one after the other. */
export interface PackedRows {
  /** Bytes of all rows. */
  readonly bytes: Uint8Array;
  /** View of the same bytes. */
  readonly view: DataView;
  /** Bytes of a row. */
  readonly stride: number;
}

/** Formats of texts and addresses: their bytes are in the order in which people read them. */
const IN_BYTES = /^(ipv4|ipv6|ip|endpoint|mac|str)$/;

/** Comparable values of one key, by row. */
type KeyColumn =
  | Float64Array
  | BigInt64Array
  | BigUint64Array
  | readonly bigint[]
  | readonly Uint8Array[];

/** Order of rows by some fields. */
export class Order {
  #keys: readonly { field: Field; descending: boolean }[];
  readonly #fields: readonly Field[];

  /** @throws {RecordsError} `UNKNOWN_FIELD` */
  constructor(keys: readonly SortKey[], schema: Schema, source: string) {
    this.#fields = schema.fields;
    this.#keys = keys.flatMap(({ field, descending }) =>
      findFields(schema, field, source).map((found) => ({ field: found, descending }))
    );
  }

  /** Orders by the next field from now on, highest first. */
  next(): void {
    const at = this.#fields.findIndex((field) => field === this.#keys[0]?.field);
    const field = this.#fields[(at + 1) % this.#fields.length];
    if (field !== undefined) this.#keys = [{ field, descending: true }];
  }

  /** Keys as `--sort` has them. */
  get text(): string {
    return this.#keys.map(({ field, descending }) => `${descending ? "-" : ""}${field.name}`)
      .join(",");
  }

  /** Reverses the order. */
  reverse(): void {
    this.#keys = this.#keys.map(({ field, descending }) => ({ field, descending: !descending }));
  }

  /**
   * Returns starts of rows in order; rows that are equal stay as they were.
   *
   * @param starts of the rows, in bytes
   * @param limit rows that are returned at most
   */
  sort(rows: PackedRows, starts: Int32Array, limit = Infinity): Int32Array {
    if (this.#keys.length === 0) return starts.slice(0, Math.min(starts.length, limit));
    const columns = this.#keys.map(({ field }) => keyColumn(field, rows, starts));
    const indices = Int32Array.from(starts, (_, i) => i);
    const signs = this.#keys.map(({ descending }) => descending ? -1 : 1);
    const [first] = columns;
    if (columns.length === 1 && first instanceof Float64Array) {
      const sign = signs[0] ?? 1;
      indices.sort((a, b) => sign * ((first[a] ?? 0) - (first[b] ?? 0)) || a - b);
    } else {
      indices.sort((a, b) => {
        for (let i = 0; i < columns.length; i++) {
          const column = columns[i];
          const result = column === undefined ? 0 : compare(column, a, b);
          if (result !== 0) return result * (signs[i] ?? 1);
        }
        return a - b;
      });
    }
    const sorted = indices.subarray(0, Math.min(indices.length, limit));
    return sorted.map((index) => starts[index] ?? 0);
  }
}

function compare(column: KeyColumn, a: number, b: number): number {
  const [left, right] = [column[a], column[b]];
  if (left === undefined || right === undefined) return 0;
  if (left instanceof Uint8Array && right instanceof Uint8Array) return compareBytes(left, right);
  return left < right ? -1 : left > right ? 1 : 0;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function keyColumn(field: Field, rows: PackedRows, starts: Int32Array): KeyColumn {
  const read = numberReader(field);
  if (read === undefined) return byteKeys(field, rows, starts);
  if (read.exact) {
    const column = new Float64Array(starts.length);
    starts.forEach((at, i) => {
      const value = read.number(rows.bytes, rows.view, at);
      // NaN has no order: it comes first.
      column[i] = Number.isNaN(value) ? -Infinity : value;
    });
    return column;
  }
  const valueAt = (at: number) => read.big(rows.bytes, rows.view, at);
  if (read.wide === true) return Array.from(starts, valueAt);
  const column = read.signed ? new BigInt64Array(starts.length) : new BigUint64Array(starts.length);
  starts.forEach((at, i) => column[i] = valueAt(at));
  // Nearly all 64-bit values are exact as numbers, which compare ten times faster.
  const isSafe = column.every((value) =>
    value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER
  );
  return isSafe ? Float64Array.from(column, Number) : column;
}

/** Text and other bytes: up to the first NUL of text, all of the rest. */
function byteKeys(field: Field, rows: PackedRows, starts: Int32Array): Uint8Array[] {
  const { type, format, offset, size } = field;
  const isText = format.name === "str";
  const order = IN_BYTES.test(format.name) ? undefined : elementOrder(type);
  return Array.from(starts, (at) => {
    const bytes = rows.bytes.subarray(at + offset, at + offset + size);
    if (order !== undefined) return order(bytes);
    const end = isText ? bytes.indexOf(0) : -1;
    return end < 0 ? bytes : bytes.subarray(0, end);
  });
}

/** Returns bytes of an array of integers in the order of its elements; undefined for other types. */
function elementOrder(type: FieldType): ((bytes: Uint8Array) => Uint8Array) | undefined {
  if (type.kind !== "array" && type.kind !== "bytes") return undefined;
  let element: FieldType = type;
  while (element.kind === "array") element = element.element;
  const isSigned = element.kind === "int" || element.kind === "bytes" || element.kind === "enum"
    ? element.signed
    : undefined;
  if (isSigned === undefined) return undefined;
  const step = element.kind === "int" || element.kind === "enum" ? element.bytes : 1;
  if (step === 1 && !isSigned) return undefined;
  return (bytes) => {
    const ordered = new Uint8Array(bytes.length);
    for (let i = 0; i < bytes.length; i++) {
      const place = i % step;
      const byte = bytes[i - place + step - 1 - place] ?? 0;
      ordered[i] = isSigned && place === 0 ? byte ^ 0x80 : byte;
    }
    return ordered;
  };
}

interface NumberReader {
  /** True if all values are exact as numbers. */
  readonly exact: boolean;
  readonly signed: boolean;
  /** True if values have 128 bits. */
  readonly wide?: boolean;
  number(s: Uint8Array, v: DataView, at: number): number;
  big(s: Uint8Array, v: DataView, at: number): bigint;
}

/** Returns how the numbers of a field are read; undefined for what is compared as bytes. */
export function numberReader(field: Field): NumberReader | undefined {
  const { type, offset, format, bitSize } = field;
  const none = () => 0n;
  if (type.kind === "float") {
    const number = (_s: Uint8Array, v: DataView, at: number) =>
      type.bytes === 4 ? v.getFloat32(at + offset, true) : v.getFloat64(at + offset, true);
    return { exact: true, signed: true, number, big: none };
  }
  const network = bitSize === undefined ? networkOrder(field) : undefined;
  if (network === undefined) {
    if (type.kind !== "int" && type.kind !== "enum") return undefined;
    if (bitSize === undefined && IN_BYTES.test(format.name)) return undefined;
  }
  const access = network ??
    accessOf(
      field,
      type.kind === "int" || type.kind === "enum" ? type : { bytes: 8, signed: false },
    );
  const code = new Code();
  if (access.kind === "number") {
    const number = code.make<NumberReader["number"]>(
      `function read(s,v,at){return ${access.expr};}`,
    );
    return { exact: true, signed: access.signed, number, big: none };
  }
  if (access.kind === "big") {
    const signed = type.kind === "int" && type.signed;
    const big = (_s: Uint8Array, v: DataView, at: number) => wide(v, at + offset, signed);
    return { exact: false, signed, wide: true, number: () => 0, big };
  }
  const { signed } = access;
  if (network === undefined && bitSize === undefined) {
    const big = (_s: Uint8Array, v: DataView, at: number) =>
      signed ? v.getBigInt64(at + offset, true) : v.getBigUint64(at + offset, true);
    return { exact: false, signed, number: () => 0, big };
  }
  const joined = `BigInt(${access.high})<<32n|BigInt(${access.low})`;
  const big = code.make<NumberReader["big"]>(
    `function read(s,v,at){return ${signed ? `BigInt.asIntN(64,${joined})` : joined};}`,
  );
  return { exact: false, signed, number: () => 0, big };
}

/** Returns how a number in network byte order is read; undefined for other formats. */
function networkOrder({ type, format, offset, size }: Field): Access | undefined {
  const bytes = { be16: 2, be32: 4, be64: 8 }[format.name as string] as 2 | 4 | 8 | undefined;
  if (bytes === undefined || (type.kind !== "int" && type.kind !== "bytes")) return undefined;
  return size >= bytes ? bigEndian(offset, bytes) : undefined;
}
