/** Records as JavaScript values, for embedders. */
import { BatchReader, type Framing } from "./batch.ts";
import { jsonRow } from "./compile/rows.ts";
import type { Resolvers } from "./resolvers.ts";
import type { Predicate } from "./output_options.ts";
import type { Field, Schema } from "./schema.ts";
import { type Clock, Times } from "./text/times.ts";

/** Decoded value of a field: integers of 64 bits are bigints, whatever their value. */
export type RecordValue =
  | string
  | number
  | bigint
  | boolean
  | readonly RecordValue[]
  | { readonly [name: string]: RecordValue };

/** Decoded record, by the names of its fields; structs are objects. */
export type DecodedRecord = { readonly [name: string]: RecordValue };

/** Options of decoding. */
export interface DecodeOptions {
  /** Layout of a batch; default: `framed`. */
  readonly framing?: Framing;
  /** Records that are left out return false. */
  readonly filter?: Predicate;
  /** Clocks for times. */
  readonly clock?: Clock;
  /** Names of the host. */
  readonly resolvers?: Resolvers;
}

/**
 * Decodes the records of a batch, in order. Values are those of JSON, except that fields of 64-bit
 * integers are bigints.
 *
 * @throws {RecordsError} `BAD_SCHEMA`
 */
export function* decodeRecords(
  schema: Schema,
  batch: Uint8Array,
  options: DecodeOptions = {},
): Generator<DecodedRecord> {
  const decode = decoderOf(schema, options);
  yield* decode(batch);
}

/**
 * Decodes batches as they come.
 *
 * @throws {RecordsError} `BAD_SCHEMA`
 */
export async function* decodeRecordBatches(
  schema: Schema,
  batches: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: DecodeOptions = {},
): AsyncGenerator<DecodedRecord> {
  const decode = decoderOf(schema, options);
  for await (const batch of batches) yield* decode(batch);
}

/** Makes the decoder of a schema once. */
function decoderOf(
  schema: Schema,
  { framing = "framed", filter, clock, resolvers = {} }: DecodeOptions,
): (batch: Uint8Array) => DecodedRecord[] {
  const times = new Times(clock);
  const fields = schema.fields.filter(({ hidden }) => hidden !== true);
  const { write, max } = jsonRow(fields.filter((field) => !isWide(field)), {
    times,
    resolvers,
    exact: false,
  }, { all: schema.fields });
  const wide = fields.filter(isWide);
  const text = new Uint8Array(max);
  const decoder = new TextDecoder();
  const reader = new BatchReader(schema);
  return (batch) => {
    times.refresh();
    const records: DecodedRecord[] = [];
    reader.each(batch, framing, (s, v, at) => {
      if (filter !== undefined && !filter(s, v, at)) return;
      const values = JSON.parse(decoder.decode(text.subarray(0, write(text, 0, s, v, at))));
      const record = Object.assign(Object.create(null), values) as Record<string, RecordValue>;
      for (const field of wide) place(record, field, bigOf(field, v, at));
      records.push(inOrder(record, fields));
    });
    return records;
  };
}

/** Numbers that JSON would round. */
function isWide({ type, format, bitSize }: Field): boolean {
  return type.kind === "int" && type.bytes === 8 && bitSize === undefined &&
    /^(dec|ns|us|ms|s|size|inode)$/.test(format.name);
}

function bigOf({ type, offset }: Field, v: DataView, at: number): bigint {
  return type.kind === "int" && type.signed
    ? v.getBigInt64(at + offset, true)
    : v.getBigUint64(at + offset, true);
}

function place(record: Record<string, RecordValue>, { path }: Field, value: RecordValue): void {
  let object = record;
  for (const name of path.slice(0, -1)) {
    const inner = object[name];
    const next = typeof inner === "object" && !Array.isArray(inner)
      ? inner as Record<string, RecordValue>
      : Object.create(null) as Record<string, RecordValue>;
    object[name] = next;
    object = next;
  }
  object[path[path.length - 1] ?? ""] = value;
}

/** Puts members in the order of the schema. */
function inOrder(record: Record<string, RecordValue>, fields: readonly Field[]): DecodedRecord {
  const ordered: Record<string, RecordValue> = Object.create(null);
  for (const { path } of fields) {
    const [name = ""] = path;
    const value = record[name];
    if (value !== undefined) ordered[name] = value;
  }
  return Object.assign(ordered, record);
}
