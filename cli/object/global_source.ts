/** Global variables as results: what programs count where an object has no map for it. */
import {
  type Elements,
  type ObjectFile,
  type PlainMap,
  type PlainVariable,
  variableShape,
} from "../../ebpf/plain/mod.ts";
import { MapType } from "../../ebpf/mod.ts";
import {
  type Field,
  type RecordTaker,
  type Schema,
  schemaOf,
  type TableSink,
} from "../../records/mod.ts";
import { type TableSchema, tableSchema } from "./table_schema.ts";
import type { TableWish } from "./tool.ts";

/** Sections whose variables programs can write. */
const WRITABLE = /^\.(bss|data)(\.|$)/;
/** Names of variables that hold no result: markers, constants, and what makes compilers keep a type. */
const INTERNAL =
  /^(__|gadget_|unused|zero|empty|initial|dummy|LICENSE$|_license$|_version$)|_zero$/;
/** Most variables that are shown; hostile objects have any number. */
const MAX_VARIABLES = 256;

/** Variables that are shown as one table: single values of a section as one row, or one array. */
export interface GlobalWish {
  /** Name of the source. */
  readonly source: string;
  /** Section, whose map holds the variables. */
  readonly section: string;
  /** The array; absent for a row of all single values. */
  readonly array?: { readonly variable: PlainVariable; readonly length: number };
  readonly singles: readonly PlainVariable[];
}

/** Returns the variables of an object that can be results. */
export function globalWishes(file: ObjectFile): GlobalWish[] {
  const { btf } = file;
  if (btf === undefined) return [];
  const arrays: GlobalWish[] = [];
  const singles = new Map<string, PlainVariable[]>();
  const results = file.variables.filter(({ name, section, sizeBytes }) =>
    WRITABLE.test(section) && !INTERNAL.test(name) && sizeBytes > 0
  );
  for (const variable of results.slice(0, MAX_VARIABLES)) {
    const { name, section } = variable;
    const shape = variableShape(btf, variable.type);
    if (shape.kind === "array" || shape.kind === "histogram") {
      const length = shape.kind === "array" ? shape.length : 1;
      arrays.push({ source: name, section, array: { variable, length }, singles: [] });
    } else if (shape.kind === "single") {
      singles.set(section, [...singles.get(section) ?? [], variable]);
    }
  }
  const rows = [...singles].map(([section, list]): GlobalWish => ({
    source: section.replace(/^\./, ""),
    section,
    singles: list,
  }));
  return [...rows, ...arrays];
}

/**
 * Returns the schema of a table of variables.
 *
 * @throws {RecordsError} for types that cannot be shown
 */
export function globalSchema(file: ObjectFile, wish: GlobalWish): TableSchema {
  const { source, array, singles } = wish;
  const { btf } = file;
  if (array === undefined || btf === undefined) {
    return {
      schema: rowSchema(file, source, singles),
      keyBytes: 0,
      valueBytes: 0,
      histogram: undefined,
      compute: undefined,
      valueOffset: 0,
      sums: undefined,
      isSpread: false,
    };
  }
  const shape = variableShape(btf, array.variable.type);
  const value = shape.kind === "array" ? shape.element : array.variable.type;
  const map: PlainMap = {
    name: source,
    // A single histogram has no key; so has a queue.
    type: shape.kind === "array" ? MapType.Array : MapType.Queue,
    keyBytes: 4,
    valueBytes: array.variable.sizeBytes / array.length,
    maxEntries: array.length,
    key: undefined,
    value,
  };
  const parts = {
    map,
    btf,
    wish: { map: source },
    hints: undefined,
    perCpu: false,
    valueName: source,
  };
  return tableSchema({ ...parts, mark: (schema) => schema, keyName: undefined });
}

/** One row with all single values of a section. */
function rowSchema(file: ObjectFile, name: string, variables: readonly PlainVariable[]): Schema {
  const { btf } = file;
  const fields = variables.flatMap((variable): Field[] => {
    if (btf === undefined) return [];
    const schema = schemaOf(btf, variable.type, { scalar: variable.name });
    const isScalar = schema.fields.length === 1 && schema.fields[0]?.name === variable.name;
    return schema.fields.map((field): Field => {
      const { family, used, bitOffset } = field;
      const path = isScalar ? field.path : [variable.name, ...field.path];
      const place = (at: { offset: number; size: number }) => ({
        ...at,
        offset: at.offset + variable.offset,
      });
      return {
        ...field,
        name: path.join("."),
        path,
        offset: field.offset + variable.offset,
        ...(bitOffset === undefined ? {} : { bitOffset: bitOffset + variable.offset * 8 }),
        ...(family === undefined ? {} : { family: place(family) }),
        ...(used === undefined ? {} : { used: place(used) }),
      };
    });
  });
  const size = Math.max(...variables.map(({ offset, sizeBytes }) => offset + sizeBytes));
  return { name, size, fields };
}

/** Reader of the map that holds a section of variables. */
interface SectionReader {
  read(): Elements;
}

/** Table of variables, read at an interval or at the end. */
export class GlobalSource {
  readonly wish: TableWish;
  readonly #reader: SectionReader;
  readonly #wish: GlobalWish;
  readonly #table: TableSchema;
  readonly #sink: TableSink;

  /** @throws {RecordsError} for types that cannot be shown */
  constructor(
    output: RecordTaker,
    reader: SectionReader,
    { file, wish, intervalMs }: {
      file: ObjectFile;
      wish: GlobalWish;
      intervalMs: number | undefined;
    },
  ) {
    this.wish = { map: wish.source, ...(intervalMs === undefined ? {} : { intervalMs }) };
    this.#reader = reader;
    this.#wish = wish;
    const { schema, histogram } = this.#table = globalSchema(file, wish);
    this.#sink = histogram === undefined
      ? output.table(wish.source, schema)
      : output.histogram(wish.source, schema, histogram);
  }

  /** Shows the values as they are now. */
  show(): boolean {
    const rows = this.#rows();
    this.#sink.rows(rows);
    return rows.some((byte) => byte !== 0);
  }

  /** Hands the values to feeds alone. */
  refresh(): void {
    this.#sink.refresh(this.#rows());
  }

  /** Variables have no stacks. */
  processes(): number[] {
    return [];
  }

  #rows(): Uint8Array<ArrayBuffer> {
    const { array } = this.#wish;
    const { schema, keyBytes, valueBytes } = this.#table;
    const { values } = this.#reader.read();
    if (array === undefined) return values.slice(0, schema.size);
    const rows = new Uint8Array(array.length * schema.size);
    const view = new DataView(rows.buffer);
    let at = 0;
    for (let i = 0; i < array.length; i++) {
      const start = array.variable.offset + i * valueBytes;
      const value = values.subarray(start, start + valueBytes);
      // Most of an array has never been written.
      if (value.every((byte) => byte === 0)) continue;
      if (keyBytes === 4) view.setUint32(at, i, true);
      rows.set(value, at + keyBytes);
      at += schema.size;
    }
    return rows.subarray(0, at);
  }
}
