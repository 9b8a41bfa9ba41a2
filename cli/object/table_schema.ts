/** Schemas of the rows of maps: key fields, then value fields; histograms where a value has slots. */
import { inlineType, type PlainMap, type TypeAt, unknownName } from "../../ebpf/plain/mod.ts";
import { MapType } from "../../ebpf/mod.ts";
import { type Btf, resolve } from "../../ebpf/btf/mod.ts";
import {
  type Computation,
  computationOf,
  type Field,
  type HistogramSpec,
  isStack,
  type Schema,
  type SchemaHints,
  schemaOf,
} from "../../records/mod.ts";
import { type CpuSums, cpuSums } from "./cpu_sums.ts";
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
  /** Name of a value that is not a struct; default: `value`. */
  readonly valueName?: string;
  /** Title of a key that is not a struct. */
  readonly keyName: string | undefined;
}

/** Maps with a value of each CPU. */
export const PER_CPU: ReadonlySet<number> = new Set([
  MapType.PercpuHash,
  MapType.PercpuArray,
  MapType.LruPercpuHash,
]);
/** Maps whose keys are indexes. */
export const ARRAYS: ReadonlySet<number> = new Set([MapType.Array, MapType.PercpuArray]);
/** Maps without keys. */
export const QUEUES: ReadonlySet<number> = new Set([MapType.Queue, MapType.Stack]);

/** Schema of rows of a map. */
export interface TableSchema {
  readonly schema: Schema;
  readonly keyBytes: number;
  /** Bytes of one CPU's value. */
  readonly valueBytes: number;
  readonly histogram: HistogramSpec | undefined;
  /** Computes fields of a row from others. */
  readonly compute: Computation | undefined;
  /** Bytes of a row before the value. */
  readonly valueOffset: number;
  /** Makes one value of those of all CPUs; undefined for other maps, or with `--per-cpu`. */
  readonly sums: CpuSums | undefined;
  /** True if the elements of an array are the slots of one histogram. */
  readonly isSpread: boolean;
}

/** Returns the schema of a map's rows. */
export function tableSchema(parts: TableParts): TableSchema {
  const { map, btf, wish, hints, mark, keyName, perCpu } = parts;
  if (isSpread(parts)) return spreadSchema(parts);
  const isQueue = QUEUES.has(map.type);
  const keyBytes = isQueue ? 0 : map.keyBytes;
  const key = isQueue ? undefined : partSchema(btf, map.key, keyBytes, {
    scalar: keyName ?? (ARRAYS.has(map.type) ? "index" : "key"),
    isArrayIndex: ARRAYS.has(map.type),
    hints,
  });
  const value = partSchema(btf, map.value, map.valueBytes, {
    scalar: parts.valueName ?? "value",
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
  const marked = mark({
    name: wish.source ?? map.name,
    size: start + map.valueBytes,
    fields: [...[...key?.fields ?? [], ...cpu].map(asLabel), ...values],
  });
  const step = Math.ceil(map.valueBytes / 8) * 8;
  const sums = PER_CPU.has(map.type) && !perCpu
    ? cpuSums(marked, { start, valueBytes: map.valueBytes, step })
    : undefined;
  const schema = sums?.schema ?? marked;
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
    valueOffset: start,
    sums,
    isSpread: false,
  };
}

/** Reports whether an array of counters is a histogram by its name. */
function isSpread({ map, btf, wish, perCpu }: TableParts): boolean {
  if (!ARRAYS.has(map.type) || perCpu || wish.histogram?.isLinear === true) return false;
  if (map.maxEntries < MIN_SLOTS || map.maxEntries > MAX_SLOTS) return false;
  if (map.valueBytes !== 4 && map.valueBytes !== 8) return false;
  const isNumber = btf === undefined || map.value === undefined ||
    resolve(btf, map.value).type.kind === "int";
  return isNumber && (/hist/i.test(map.name) || wish.histogram !== undefined);
}

function spreadSchema({ map, wish }: TableParts): TableSchema {
  const slots = inlineType(`{u${map.valueBytes * 8} slots[${map.maxEntries}];}`);
  const name = wish.source ?? map.name;
  return {
    schema: { ...schemaOf(slots.btf, slots.id), name },
    keyBytes: 0,
    valueBytes: map.valueBytes,
    histogram: { field: "slots", scale: { kind: "log2" }, unit: wish.histogram?.unit },
    compute: undefined,
    valueOffset: 0,
    sums: undefined,
    isSpread: true,
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
    ...(field.port === undefined
      ? {}
      : { port: { ...field.port, offset: field.port.offset + bytes } }),
    ...(field.used === undefined
      ? {}
      : { used: { ...field.used, offset: field.used.offset + bytes } }),
  };
}

/** Slots of log2 histograms: 16 to 64 counters. */
const MIN_SLOTS = 16, MAX_SLOTS = 64;

function histogramOf(
  map: PlainMap,
  fields: readonly Field[],
  { histogram }: TableWish,
): HistogramSpec | undefined {
  const slots = fields.filter(({ name, type, metric }) => {
    if (type.kind !== "array" || type.element.kind !== "int") return false;
    if (type.length < MIN_SLOTS || (type.stride !== 4 && type.stride !== 8)) return false;
    return histogram !== undefined || (type.length <= MAX_SLOTS &&
      (metric === "histogram" || /(^|\.)slots$|hist/i.test(name) ||
        (name === "value" && /hist/i.test(map.name))));
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
    unit: histogram?.unit ?? found.unit,
  };
}
