/** Elements of a map as rows: key fields, then value fields; histograms where a value has slots. */
import {
  type Elements,
  inlineType,
  MapReader,
  type PlainMap,
  type TypeAt,
  unknownName,
} from "../../ebpf/plain/mod.ts";
import { MapType } from "../../ebpf/mod.ts";
import {
  type Computation,
  computationOf,
  type Field,
  type HistogramSpec,
  isStack,
  processOf,
  type RecordTaker,
  type RowBtf,
  type RowOrder,
  type Schema,
  type SchemaHints,
  schemaOf,
  type TableSink,
} from "../../records/mod.ts";
import type { Btf } from "../../ebpf/btf/mod.ts";
import type { TableWish } from "./tool.ts";

/** Parts of a table. */
export interface TableParts {
  readonly map: PlainMap;
  readonly btf: Btf | undefined;
  readonly wish: TableWish;
  readonly hints: SchemaHints | undefined;
  /** Marks the fields that are stacks. */
  readonly mark: (schema: Schema) => Schema;
  /** True to show each CPU's value, not their sum. */
  readonly perCpu: boolean;
  /** Title of a key that is not a struct. */
  readonly keyName: string | undefined;
}

const PER_CPU: ReadonlySet<number> = new Set([
  MapType.PercpuHash,
  MapType.PercpuArray,
  MapType.LruPercpuHash,
]);
const ARRAYS: ReadonlySet<number> = new Set([MapType.Array, MapType.PercpuArray]);
const QUEUES: ReadonlySet<number> = new Set([MapType.Queue, MapType.Stack]);

/** Schema of rows of a map. */
export interface TableSchema {
  readonly schema: Schema;
  readonly keyBytes: number;
  /** Bytes of one CPU's value. */
  readonly valueBytes: number;
  readonly histogram: HistogramSpec | undefined;
  /** Computes fields of a row from others. */
  readonly compute: Computation | undefined;
}

/** Returns the schema of a map's rows. */
export function tableSchema(parts: TableParts): TableSchema {
  const { map, btf, wish, hints, mark, keyName, perCpu } = parts;
  const isQueue = QUEUES.has(map.type);
  const keyBytes = isQueue ? 0 : map.keyBytes;
  const key = isQueue ? undefined : partSchema(btf, map.key, keyBytes, {
    scalar: keyName ?? (ARRAYS.has(map.type) ? "index" : "key"),
    isArrayIndex: ARRAYS.has(map.type),
    hints,
  });
  const value = partSchema(btf, map.value, map.valueBytes, {
    scalar: "value",
    isArrayIndex: false,
    hints,
  });
  const taken = new Set((key?.fields ?? []).map(({ name }) => name));
  const cpuBytes = perCpu && PER_CPU.has(map.type) ? 4 : 0;
  const start = keyBytes + cpuBytes;
  const values = value.fields.map((field) => moved(field, start, taken));
  const cpu: Field[] = cpuBytes === 0 ? [] : [{
    name: taken.has("cpu") ? "value.cpu" : "cpu",
    path: [taken.has("cpu") ? "value.cpu" : "cpu"],
    offset: keyBytes,
    size: 4,
    type: { kind: "int", bytes: 4, signed: false },
    format: { name: "dec" },
  }];
  const schema = mark({
    name: wish.source ?? map.name,
    size: start + map.valueBytes,
    fields: [...[...key?.fields ?? [], ...cpu].map(asLabel), ...values],
  });
  const weight = schema.fields.find((field) =>
    field.offset >= start && field.type.kind === "int" && field.hidden !== true &&
    field.bitSize === undefined && field.size <= 8 && !isStack(field)
  );
  return {
    schema: weight === undefined ? schema : { ...schema, weight: weight.name },
    keyBytes,
    valueBytes: map.valueBytes,
    histogram: histogramOf(map, values, wish),
    compute: computationOf(schema),
  };
}

function asLabel(field: Field): Field {
  return { ...field, isLabel: true };
}

function partSchema(
  btf: Btf | undefined,
  id: number | undefined,
  bytes: number,
  { scalar, isArrayIndex, hints }: {
    scalar: string;
    isArrayIndex: boolean;
    hints: SchemaHints | undefined;
  },
): Schema {
  const type: TypeAt = btf !== undefined && id !== undefined && !isArrayIndex
    ? { btf, id }
    : plainType(bytes);
  const schema = schemaOf(type.btf, type.id, { ...hints, scalar });
  const [only] = schema.fields;
  // The type of a map without types is a struct of our own.
  if (type.btf === btf || only === undefined) return schema;
  return { ...schema, fields: [{ ...only, name: scalar, path: [scalar] }] };
}

/** A number of that size, or bytes: what BTF does not say is not guessed. */
function plainType(bytes: number): TypeAt {
  const isNumber = [1, 2, 4, 8].includes(bytes);
  return inlineType(isNumber ? `{u${bytes * 8} x;}` : `{u8 x[${bytes}];}`);
}

/** Moves a value's field after the key; names of the key's fields are taken. */
function moved(field: Field, bytes: number, taken: ReadonlySet<string>): Field {
  const isTaken = taken.has(field.name);
  return {
    ...field,
    name: isTaken ? `value.${field.name}` : field.name,
    path: isTaken ? ["value", ...field.path] : field.path,
    offset: field.offset + bytes,
    ...(field.bitOffset === undefined ? {} : { bitOffset: field.bitOffset + bytes * 8 }),
    ...(field.family === undefined
      ? {}
      : { family: { ...field.family, offset: field.family.offset + bytes } }),
  };
}

/** Slots of log2 histograms: 16 to 64 counters. */
const MIN_SLOTS = 16, MAX_SLOTS = 64;

function histogramOf(
  map: PlainMap,
  fields: readonly Field[],
  { histogram }: TableWish,
): HistogramSpec | undefined {
  const slots = fields.filter(({ name, type }) => {
    if (type.kind !== "array" || type.element.kind !== "int") return false;
    if (type.length < MIN_SLOTS || (type.stride !== 4 && type.stride !== 8)) return false;
    return histogram !== undefined || (type.length <= MAX_SLOTS &&
      (/(^|\.)slots$|hist/i.test(name) || (name === "value" && /hist/i.test(map.name))));
  });
  const wished = histogram?.slots;
  const found = wished === undefined
    ? slots.find(({ name }) => /(^|\.)slots$/.test(name)) ?? slots[0]
    : slots.find(({ name }) => name === wished);
  if (found === undefined) {
    if (wished === undefined) return undefined;
    throw unknownName("field", wished, slots.map(({ name }) => name));
  }
  return {
    field: found.name,
    scale: histogram?.isLinear === true
      ? { kind: "linear", step: histogram.step ?? 1 }
      : { kind: "log2" },
    unit: histogram?.unit,
  };
}

/** Of stacks, the most frequent come first. */
function rowsOf(schema: Schema, rows: RowOrder | undefined): RowOrder {
  const { weight, fields } = schema;
  if (rows?.sort !== undefined || weight === undefined || !fields.some(isStack)) return rows ?? {};
  return { ...rows, sort: [{ field: weight, descending: true }] };
}

/** Returns the types of a row's key and value, if the object has them. */
function rowTypes({ map, btf }: TableParts, { schema, valueBytes }: TableSchema): RowBtf {
  const typeOf = (id: number | undefined) =>
    btf === undefined || id === undefined ? undefined : { btf, id };
  const key = ARRAYS.has(map.type) || QUEUES.has(map.type) ? undefined : typeOf(map.key);
  return { key, value: typeOf(map.value), valueOffset: schema.size - valueBytes };
}

/** Rows of one map, read at an interval or at the end. */
export class TableSource {
  readonly wish: TableWish;
  readonly #reader: MapReader;
  readonly #parts: TableParts;
  readonly #table: TableSchema;
  readonly #sink: TableSink;

  /** @throws {RecordsError} for types that cannot be shown */
  constructor(output: RecordTaker, reader: MapReader, parts: TableParts) {
    this.#parts = parts;
    this.wish = parts.wish;
    this.#reader = reader;
    const table = this.#table = tableSchema(parts);
    const source = parts.wish.source ?? parts.map.name;
    const rows = { ...rowsOf(table.schema, parts.wish.rows), isCleared: this.#isCleared };
    const types = rowTypes(parts, table);
    this.#sink = table.histogram === undefined
      ? output.table(source, table.schema, rows, types)
      : output.histogram(source, table.schema, table.histogram, rows, types);
  }

  /** True if each interval starts from nothing. */
  get #isCleared(): boolean {
    return this.wish.clear === true && this.wish.intervalMs !== undefined;
  }

  /** Reads the elements, which stay, and hands them to feeds alone. */
  refresh(): void {
    if (QUEUES.has(this.#parts.map.type)) return;
    this.#sink.refresh(this.#rows(this.#reader.read({ clear: false })));
  }

  /** Returns the processes in the rows, if they have stacks. */
  processes(): number[] {
    const { map } = this.#parts;
    const { schema } = this.#table;
    const process = processOf(schema.fields);
    if (process === undefined || QUEUES.has(map.type) || !schema.fields.some(isStack)) return [];
    const rows = this.#rows(this.#reader.read());
    const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
    return Array.from(
      { length: rows.length / schema.size },
      (_, i) => view.getInt32(i * schema.size + process.offset, true),
    );
  }

  /** Reads the elements and shows them. */
  show(): void {
    const { map, wish } = this.#parts;
    const elements = QUEUES.has(map.type)
      ? this.#reader.consume()
      : this.#reader.read({ clear: wish.clear === true });
    this.#sink.rows(this.#rows(elements));
  }

  #rows(elements: Elements): Uint8Array<ArrayBuffer> {
    const { map } = this.#parts;
    const { keyBytes, valueBytes, schema } = this.#table;
    const cpus = PER_CPU.has(map.type) ? this.#reader.cpus : 1;
    const isEach = this.#parts.perCpu && cpus > 1;
    const step = cpus === 1 ? valueBytes : Math.ceil(valueBytes / 8) * 8 * cpus;
    const rows = new Uint8Array(elements.count * (isEach ? cpus : 1) * schema.size);
    const view = new DataView(rows.buffer);
    let at = 0;
    for (let i = 0; i < elements.count; i++) {
      const key = elements.keys.subarray(i * keyBytes, (i + 1) * keyBytes);
      const value = elements.values.subarray(i * step, (i + 1) * step);
      // Most of an array has never been written.
      if (ARRAYS.has(map.type) && map.maxEntries > 1 && value.every((byte) => byte === 0)) continue;
      if (!isEach) {
        rows.set(key, at);
        rows.set(cpus === 1 ? value : this.#sum(value, cpus), at + keyBytes);
        at += schema.size;
        continue;
      }
      for (let cpu = 0; cpu < cpus; cpu++, at += schema.size) {
        rows.set(key, at);
        view.setUint32(at + keyBytes, cpu, true);
        const start = cpu * step / cpus;
        rows.set(value.subarray(start, start + valueBytes), at + keyBytes + 4);
      }
    }
    const { compute } = this.#table;
    if (compute !== undefined) {
      for (let row = 0; row < at; row += schema.size) compute(rows, view, row);
    }
    return rows.subarray(0, at);
  }

  /** Adds integers up over all CPUs; of other fields, the first that was written counts. */
  #sum(value: Uint8Array<ArrayBuffer>, cpus: number): Uint8Array<ArrayBuffer> {
    const { keyBytes, valueBytes, schema } = this.#table;
    const step = value.length / cpus;
    const sum = value.slice(0, valueBytes);
    const total = new DataView(sum.buffer);
    const fields = schema.fields.filter(({ offset }) => offset >= keyBytes);
    for (let cpu = 1; cpu < cpus; cpu++) {
      const part = value.subarray(cpu * step, cpu * step + valueBytes);
      if (part.every((byte) => byte === 0)) continue;
      const view = new DataView(part.buffer, part.byteOffset, part.byteLength);
      for (const field of fields) addField(total, view, field, field.offset - keyBytes);
    }
    return sum;
  }
}

function addField(sum: DataView, part: DataView, field: Field, at: number): void {
  const { type, bitSize } = field;
  if (type.kind === "int" && type.of === undefined && bitSize === undefined) {
    return addInteger(sum, part, at, type.bytes);
  }
  if (type.kind === "array" && type.element.kind === "int") {
    for (let i = 0; i < type.length; i++) {
      addInteger(sum, part, at + i * type.stride, type.element.bytes);
    }
    return;
  }
  const end = at + field.size;
  for (let i = at; i < end; i++) if (sum.getUint8(i) !== 0) return;
  for (let i = at; i < end; i++) sum.setUint8(i, part.getUint8(i));
}

function addInteger(sum: DataView, part: DataView, at: number, bytes: number): void {
  switch (bytes) {
    case 8:
      sum.setBigUint64(at, sum.getBigUint64(at, true) + part.getBigUint64(at, true), true);
      break;
    case 4:
      sum.setUint32(at, sum.getUint32(at, true) + part.getUint32(at, true), true);
      break;
    case 2:
      sum.setUint16(at, sum.getUint16(at, true) + part.getUint16(at, true), true);
      break;
    case 1:
      sum.setUint8(at, sum.getUint8(at) + part.getUint8(at));
      break;
  }
}
