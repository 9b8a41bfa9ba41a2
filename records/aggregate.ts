/** Groups of records: `--aggregate comm,count,sum(bytes)`. */
import type { AggregateFunction, AggregateSpec } from "./output_options.ts";
import { RecordsError } from "./errors.ts";
import { findFields } from "./fields.ts";
import { type Format, parseFormat } from "./format.ts";
import { numberReader } from "./order.ts";
import { type Copy, groupKeys, type Identity } from "./group_keys.ts";
import type { Schema } from "./schema.ts";

/** Groups that are kept of an interval. */
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

/** Bounds of the groups of an interval. */
export interface GroupLimits {
  /** Most groups; default: 2^20. */
  readonly groups?: number;
}

/** Collects groups of one source. */
export class Aggregator {
  /** Schema of a group's row. */
  readonly schema: Schema;
  readonly #source: string;
  readonly #identities: readonly Identity[];
  readonly #copies: readonly Copy[];
  readonly #measures: readonly Measure[];
  readonly #groups = new Map<string, { row: Uint8Array; count: bigint; values: bigint[] }>();
  readonly #keyBytes: number;
  readonly #maxGroups: number;

  /** @throws {RecordsError} `UNKNOWN_FIELD`; `BAD_RECORDS` for a function of what is not an integer */
  constructor(spec: AggregateSpec, schema: Schema, source: string, limits: GroupLimits = {}) {
    this.#source = source;
    this.#maxGroups = limits.groups ?? MAX_GROUPS;
    const keys = groupKeys(spec.keys.flatMap((name) => findFields(schema, name, source)), schema);
    const fields = [...keys.fields];
    this.#identities = keys.identities;
    this.#copies = keys.copies;
    this.#keyBytes = keys.size;
    let offset = keys.size;
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

  /**
   * Adds a record.
   *
   * @throws {RecordsError} `BAD_RECORDS` for more groups than are kept
   */
  add(s: Uint8Array, v: DataView, at: number): void {
    let key = "";
    for (const identity of this.#identities) key += identity(s, v, at);
    const group = this.#groups.get(key) ?? this.#start(key, s, at);
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
    if (size >= this.#maxGroups || size * this.#keyBytes > MAX_KEYS_BYTES) {
      throw new RecordsError(
        `Cannot aggregate records of "${this.#source}": more than ${size} groups`,
        {
          code: "BAD_RECORDS",
          hint: "group by fewer fields, choose records with --filter, or set a shorter --interval",
        },
      );
    }
    const row = new Uint8Array(this.#keyBytes);
    for (const { from, bytes, to } of this.#copies) {
      row.set(s.subarray(at + from, at + from + bytes), to);
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
      this.#measures.forEach(({ call, signed }, i) => {
        const value = values[i] ?? 0n;
        const whole = call === "avg" ? value / count : value;
        view.setBigUint64(
          at + this.#keyBytes + i * 8,
          BigInt.asUintN(64, bounded(whole, signed)),
          true,
        );
      });
      at += stride;
    }
    this.#groups.clear();
    return rows;
  }
}

/** Returns a sum that has 64 bits; one beyond them stays at the end. */
function bounded(value: bigint, signed: boolean): bigint {
  const [least, most] = signed ? [-(1n << 63n), (1n << 63n) - 1n] : [0n, (1n << 64n) - 1n];
  return value < least ? least : value > most ? most : value;
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
  const isInteger = reader !== undefined && reader.wide !== true && field?.type.kind !== "float";
  if (field === undefined || !isInteger) {
    throw new RecordsError(`Cannot aggregate ${call}(${name}): not an integer`, {
      code: "BAD_RECORDS",
      hint: "choose a field with a number, or count",
    });
  }
  const read = reader.exact
    ? (s: Uint8Array, v: DataView, at: number) => BigInt(reader.number(s, v, at))
    : (s: Uint8Array, v: DataView, at: number) => reader.big(s, v, at);
  const isUnit = /^(dec|ns|us|ms|s|size|hex)$/.test(field.format.name);
  const format = isUnit ? field.format : parseFormat("dec");
  return { call, name: `${call}_${field.path.join("_")}`, signed: reader.signed, format, read };
}
