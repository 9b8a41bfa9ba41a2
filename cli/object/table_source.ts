/** Rows of a map, read at an interval or at the end. */
import type { Elements, MapReader } from "../../ebpf/plain/mod.ts";
import {
  isStack,
  processOf,
  type RecordTaker,
  type RowBtf,
  type RowOrder,
  type Schema,
  type TableSink,
} from "../../records/mod.ts";
import {
  ARRAYS,
  PER_CPU,
  QUEUES,
  type TableParts,
  type TableSchema,
  tableSchema,
} from "./table_schema.ts";
import type { TableWish } from "./tool.ts";

/** Of stacks, the most frequent come first. */
function rowsOf(schema: Schema, rows: RowOrder | undefined): RowOrder {
  const { weight, fields } = schema;
  if (rows?.sort !== undefined || weight === undefined || !fields.some(isStack)) return rows ?? {};
  return { ...rows, sort: [{ field: weight, descending: true }] };
}

/** Returns the types of a row's key and value, if the object has them. */
function rowTypes({ map, btf }: TableParts, table: TableSchema): RowBtf {
  const { valueOffset, isSpread } = table;
  // The slots of a histogram are the elements, not the value of one.
  if (isSpread) return { key: undefined, value: undefined, valueOffset: 0 };
  const typeOf = (id: number | undefined) =>
    btf === undefined || id === undefined ? undefined : { btf, id };
  const key = ARRAYS.has(map.type) || QUEUES.has(map.type) ? undefined : typeOf(map.key);
  return { key, value: typeOf(map.value), valueOffset };
}

/** Maps of fewer elements have one for each thing that there is, so they are full by design. */
const FEW_ELEMENTS = 64;

/** Rows of one map, read at an interval or at the end. */
export class TableSource {
  readonly wish: TableWish;
  readonly #reader: MapReader;
  readonly #parts: TableParts;
  readonly #table: TableSchema;
  readonly #sink: TableSink;
  #fullSize: number | undefined;
  /** Fills the map, which each look then empties. */
  readonly #fill: (() => void) | undefined;

  /** @throws {RecordsError} for types that cannot be shown */
  constructor(output: RecordTaker, reader: MapReader, parts: TableParts, fill?: () => void) {
    this.#fill = fill;
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

  /** Elements of the map, if it had no room for another one when it was read. */
  get fullSize(): number | undefined {
    return this.#fullSize;
  }

  /** True if each interval starts from nothing. */
  get #isCleared(): boolean {
    return this.wish.clear === true && this.wish.intervalMs !== undefined;
  }

  /** Reads the elements, which stay, and hands them to feeds alone. */
  refresh(): void {
    if (QUEUES.has(this.#parts.map.type)) return;
    this.#sink.refresh(this.#rows(this.#elements()));
  }

  /** Returns the processes in the rows, if they have stacks. */
  processes(): number[] {
    const { map } = this.#parts;
    const { schema } = this.#table;
    const process = processOf(schema.fields);
    if (process === undefined || QUEUES.has(map.type) || !schema.fields.some(isStack)) return [];
    const rows = this.#rows(this.#elements());
    const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
    return Array.from(
      { length: rows.length / schema.size },
      (_, i) => view.getInt32(i * schema.size + process.offset, true),
    );
  }

  /** Reads the elements and shows them; returns true if one of them is not zero. */
  show(): boolean {
    const { map, wish } = this.#parts;
    const elements = QUEUES.has(map.type)
      ? this.#reader.consume()
      : this.#elements(wish.clear === true);
    const rows = this.#rows(elements);
    this.#sink.rows(rows);
    return rows.some((byte) => byte !== 0);
  }

  /** Reads the elements; those of a map that is filled for it are deleted. */
  #elements(clear = false): Elements {
    this.#fill?.();
    const elements = this.#reader.read({ clear: clear || this.#fill !== undefined });
    const bound = this.#reader.bound ?? 0;
    if (bound > FEW_ELEMENTS && elements.count >= bound) this.#fullSize = bound;
    return elements;
  }

  /** Makes one row of all elements. */
  #spread(elements: Elements): Uint8Array<ArrayBuffer> {
    const { map } = this.#parts;
    const { valueBytes, schema } = this.#table;
    const row = new Uint8Array(schema.size);
    const view = new DataView(row.buffer);
    const step = PER_CPU.has(map.type) ? Math.ceil(valueBytes / 8) * 8 : valueBytes;
    const cpus = PER_CPU.has(map.type) ? this.#reader.cpus : 1;
    const values = new DataView(elements.values.buffer, elements.values.byteOffset);
    const keys = new DataView(elements.keys.buffer, elements.keys.byteOffset);
    for (let i = 0; i < elements.count * cpus; i++) {
      const slot = keys.getUint32(Math.floor(i / cpus) * 4, true);
      if (slot >= map.maxEntries) continue;
      const part = new DataView(values.buffer, values.byteOffset + i * step, valueBytes);
      const at = slot * valueBytes;
      if (valueBytes === 8) {
        view.setBigUint64(at, view.getBigUint64(at, true) + part.getBigUint64(0, true), true);
      } else view.setUint32(at, view.getUint32(at, true) + part.getUint32(0, true), true);
    }
    return row;
  }

  #rows(elements: Elements): Uint8Array<ArrayBuffer> {
    if (this.#table.isSpread) return this.#spread(elements);
    const { map } = this.#parts;
    const { keyBytes, valueBytes, schema, sums, compute } = this.#table;
    const isPerCpu = PER_CPU.has(map.type);
    const cpus = isPerCpu ? this.#reader.cpus : 1;
    const isEach = isPerCpu && this.#parts.perCpu;
    const step = isPerCpu ? Math.ceil(valueBytes / 8) * 8 * cpus : valueBytes;
    const rows = new Uint8Array(elements.count * (isEach ? cpus : 1) * schema.size);
    const view = new DataView(rows.buffer);
    let at = 0;
    for (let i = 0; i < elements.count; i++) {
      const key = elements.keys.subarray(i * keyBytes, (i + 1) * keyBytes);
      const value = elements.values.subarray(i * step, (i + 1) * step);
      // Most of an array has never been written.
      if (ARRAYS.has(map.type) && map.maxEntries !== 1 && value.every((byte) => byte === 0)) {
        continue;
      }
      if (!isEach) {
        rows.set(key, at);
        if (sums === undefined) rows.set(value, at + keyBytes);
        else sums.write(value, rows.subarray(at, at + schema.size));
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
    if (compute !== undefined) {
      for (let row = 0; row < at; row += schema.size) compute(rows, view, row);
    }
    return rows.subarray(0, at);
  }
}
