/** Schema of records: name, place, type and format of each field. */
import type { Format } from "./format.ts";

/** Integer of 1 to 16 bytes, little-endian. */
export interface IntType {
  /** Discriminates the union. */
  readonly kind: "int";
  /** Size in bytes. */
  readonly bytes: 1 | 2 | 4 | 8 | 16;
  /** True for two's complement. */
  readonly signed: boolean;
  /** Meaning beyond a number: truth value or address. */
  readonly of?: "bool" | "pointer";
}

/** IEEE 754 number. */
export interface FloatType {
  /** Discriminates the union. */
  readonly kind: "float";
  /** Size in bytes. */
  readonly bytes: 4 | 8;
}

/** Value with names. */
export interface EnumType {
  /** Discriminates the union. */
  readonly kind: "enum";
  /** Size in bytes. */
  readonly bytes: 1 | 2 | 4 | 8;
  /** True if values can be negative. */
  readonly signed: boolean;
  /** Names of values; the first of several for one value is shown. */
  readonly names: readonly { readonly name: string; readonly value: bigint }[];
}

/** Array of 8-bit integers: text, an address, or numbers, by its format. */
export interface BytesType {
  /** Discriminates the union. */
  readonly kind: "bytes";
  /** Number of elements, one byte each. */
  readonly length: number;
  /** True if the elements are signed. */
  readonly signed: boolean;
}

/** Array of anything else. */
export interface ArrayType {
  /** Discriminates the union. */
  readonly kind: "array";
  /** Type of the elements. */
  readonly element: FieldType;
  /** Format of each element. */
  readonly format: Format;
  /** Bytes from one element to the next. */
  readonly stride: number;
  /** Number of elements. */
  readonly length: number;
}

/** Struct within an array. */
export interface RecordType {
  /** Discriminates the union. */
  readonly kind: "record";
  /** Size in bytes. */
  readonly bytes: number;
  /** Members, with offsets from the start of the struct. */
  readonly fields: readonly Field[];
}

/** Type of a field. */
export type FieldType = IntType | FloatType | EnumType | BytesType | ArrayType | RecordType;

/** Kind of metric that a field is: `METRIC(…)`. */
export type MetricKind = "counter" | "gauge" | "histogram";

/** Column or member. Nested structs are flattened to fields with dotted names. */
export interface Field {
  /** Path joined by dots: `proc.pid`. */
  readonly name: string;
  /** Names from the outermost struct to the member. */
  readonly path: readonly string[];
  /** Bytes from the start of the record. */
  readonly offset: number;
  /** Bytes that the value takes. */
  readonly size: number;
  /** Bits from the start of the record; bit-fields only. */
  readonly bitOffset?: number;
  /** Bits of the value; bit-fields only. */
  readonly bitSize?: number;
  /** Type of the bytes. */
  readonly type: FieldType;
  /** Look of the value. */
  readonly format: Format;
  /** Unit of the value, such as `ns`. */
  readonly unit?: string;
  /** Meaning of the field, in a few words. */
  readonly help?: string;
  /** True if it is shown on request only. */
  readonly hidden?: boolean;
  /** Kind of metric, if it is one. */
  readonly metric?: MetricKind;
  /** Formula of a table's field that is computed from others: `COMPUTED`. */
  readonly computed?: string;
  /** True if its value tells rows apart: the key of a map, or a label of metrics. */
  readonly isLabel?: boolean;
  /** Place of the address family that decides how an address is read. */
  readonly family?: { readonly offset: number; readonly size: number };
  /** Place of the number of bytes that an array of addresses, or of texts, uses. */
  readonly used?: { readonly offset: number; readonly size: number };
  /** Place of the port that belongs to an address. */
  readonly port?: { readonly offset: number; readonly size: number };
  /** True for the array at the end of records of any length; {@linkcode Field.used} is its size. */
  readonly isFlexible?: boolean;
  /** Only place where it is shown unless it is chosen by its name; default: everywhere. */
  readonly shownIn?: "json" | "tables";
}

/** Layout of records. */
export interface Schema {
  /** Name of the struct, or of the source. */
  readonly name: string;
  /** Bytes of a record. */
  readonly size: number;
  /** Fields in the order they are shown. */
  readonly fields: readonly Field[];
  /** Name of the field that counts stacks, for flame graphs; default: each record is one. */
  readonly weight?: string;
  /** End of framed records that differ in length; absent for records of one size. */
  readonly tail?: Tail;
}

/** Flexible array at the end of a struct, `char data[]`, as its records are read. */
export interface Tail {
  /** Bytes before the array. */
  readonly offset: number;
  /** Most bytes of the array that are read. */
  readonly bytes: number;
  /** Place of a `u32` after them: the bytes that a record has of the array. */
  readonly counter: number;
}

/** Most bytes that are shown of a flexible array. */
export const MAX_TAIL_BYTES = 16 << 10;

/** Most fields of a schema; a terminal has a few hundred columns, hostile BTF has millions. */
export const MAX_FIELDS = 4096;
/** Most bytes of a record: values of maps have at most about 4 MiB, events are far smaller. */
export const MAX_RECORD_BYTES = 4 << 20;
