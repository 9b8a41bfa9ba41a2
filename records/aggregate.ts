/** Groups of records: `--aggregate comm,count,sum(bytes)`. */
import type { AggregateFunction, AggregateSpec } from "./output_options.ts";
import { RecordsError } from "./errors.ts";
import { findFields } from "./fields.ts";
import { type Format, parseFormat } from "./format.ts";
import { numberReader } from "./order.ts";
import type { Field, Schema } from "./schema.ts";

/** Groups that are kept; records of further ones are counted in {@linkcode Aggregator.dropped}. */
const MAX_GROUPS = 1 << 20;
/** Bytes of all keys together. */
const MAX_KEYS_BYTES = 256 << 20;

/**
 * Reads `comm,count,sum(bytes)`: names are keys, calls are functions; `count` if there are none.
 *
 * @throws {RecordsError} `BAD_RECORDS`
 */
export function parseAggregate(text: string): AggregateSpec {
  const keys: string[] = [];
  const measures: { call: AggregateFunction; field?: string }[] = [];
  for (const word of text.split(",").map((each) => each.trim())) {
    const call = /^(sum|min|max|avg|count)\(([^()]*)\)$/.exec(word);
    const name = call?.[1] as AggregateFunction | undefined;
    if (word === "count" || name === "count") measures.push({ call: "count" });
    else if (name !== undefined && call?.[2]) measures.push({ call: name, field: call[2].trim() });
    else if (word === "" || /[()]/.test(word)) {
      throw new RecordsError(`Cannot aggregate by "${text}": invalid part "${word}"`, {
        code: "BAD_RECORDS",
        hint: "write fields and functions with commas: comm,count,sum(bytes)",
      });
    } else keys.push(word);
  }
  return { keys, measures: measures.length === 0 ? [{ call: "count" }] : measures };
}

interface Measure {
  readonly call: AggregateFunction;
  readonly signed: boolean;
  read(s: Uint8Array, v: DataView, at: number): bigint;
}

/** Collects groups of one source. */
export class Aggregator {
  /** Schema of a group's row. */
  readonly schema: Schema;
  /** Records of groups beyond the limit. */
  dropped = 0;
  readonly #keys: readonly Field[];
  readonly #measures: readonly Measure[];
  readonly #groups = new Map<string, { row: Uint8Array; count: bigint; values: bigint[] }>();
  readonly #keyBytes: number;

  /** @throws {RecordsError} `UNKNOWN_FIELD`; `BAD_RECORDS` for a function of what is not an integer */
  constructor(spec: AggregateSpec, schema: Schema, source: string) {
    const keys = spec.keys.flatMap((name) => findFields(schema, name, source));
    const fields: Field[] = [];
    let offset = 0;
    const moved = (field: Field): Field => {
      const { bitOffset, bitSize, family: _family, ...rest } = field;
      const bits = bitOffset === undefined || bitSize === undefined
        ? {}
        : { bitOffset: offset * 8 + bitOffset % 8, bitSize };
      return { ...rest, ...bits, offset, hidden: false };
    };
    for (const key of keys) {
      fields.push(moved(key));
      offset += key.size;
    }
    this.#keys = keys;
    this.#keyBytes = offset;
    this.#measures = spec.measures.map(({ call, field }) => {
      const measure = measureOf(call, field, schema, source);
      fields.push({
        name: measure.name,
        path: [measure.name],
        offset,
        size: 8,
        type: { kind: "int", bytes: 8, signed: measure.signed },
        format: measure.format,
      });
      offset += 8;
      return measure;
    });
    this.schema = { name: source, size: offset, fields };
  }

  /** Adds a record. */
  add(s: Uint8Array, v: DataView, at: number): void {
    let key = "";
    for (const { offset, size, format } of this.#keys) {
      for (let i = 0; i < size; i++) {
        const byte = s[at + offset + i] ?? 0;
        // Bytes after the end of a text do not make another group.
        if (byte === 0 && format.name === "str") break;
        key += String.fromCharCode(byte);
      }
      key += "\0|";
    }
    const group = this.#groups.get(key) ?? this.#start(key, s, at);
    if (group === undefined) {
      this.dropped += 1;
      return;
    }
    group.count += 1n;
    this.#measures.forEach(({ call, read }, i) => {
      const value = call === "count" ? 1n : read(s, v, at);
      const before = group.values[i];
      if (before === undefined) group.values[i] = value;
      else if (call === "min") group.values[i] = value < before ? value : before;
      else if (call === "max") group.values[i] = value > before ? value : before;
      else group.values[i] = before + value;
    });
  }

  #start(key: string, s: Uint8Array, at: number) {
    const { size } = this.#groups;
    if (size >= MAX_GROUPS || size * this.#keyBytes > MAX_KEYS_BYTES) return undefined;
    const row = new Uint8Array(this.#keyBytes);
    let to = 0;
    for (const { offset, size } of this.#keys) {
      row.set(s.subarray(at + offset, at + offset + size), to);
      to += size;
    }
    const group = { row, count: 0n, values: [] as bigint[] };
    this.#groups.set(key, group);
    return group;
  }

  /** Returns the rows of all groups, packed, and starts anew. */
  take(): Uint8Array {
    const stride = this.schema.size;
    const rows = new Uint8Array(stride * this.#groups.size);
    const view = new DataView(rows.buffer);
    let at = 0;
    for (const { row, count, values } of this.#groups.values()) {
      rows.set(row, at);
      this.#measures.forEach(({ call }, i) => {
        const value = values[i] ?? 0n;
        view.setBigUint64(
          at + this.#keyBytes + i * 8,
          BigInt.asUintN(64, call === "avg" ? value / count : value),
          true,
        );
      });
      at += stride;
    }
    this.#groups.clear();
    return rows;
  }
}

function measureOf(
  call: AggregateFunction,
  name: string | undefined,
  schema: Schema,
  source: string,
): Measure & { name: string; format: Format } {
  if (call === "count" || name === undefined) {
    return {
      call: "count",
      name: "count",
      signed: false,
      format: parseFormat("dec"),
      read: () => 1n,
    };
  }
  const [field] = findFields(schema, name, source);
  const reader = field && numberReader(field);
  if (field === undefined || reader === undefined || field.type.kind === "float") {
    throw new RecordsError(`Cannot aggregate ${call}(${name}): not an integer`, {
      code: "BAD_RECORDS",
      hint: "choose a field with a number, or count",
    });
  }
  const read = reader.exact
    ? (s: Uint8Array, v: DataView, at: number) => BigInt(reader.number(s, v, at))
    : (_s: Uint8Array, v: DataView, at: number) => reader.big(v, at);
  const isUnit = /^(dec|ns|us|ms|s|size|hex)$/.test(field.format.name);
  const format = isUnit ? field.format : parseFormat("dec");
  return { call, name: `${call}_${field.path.join("_")}`, signed: reader.signed, format, read };
}
