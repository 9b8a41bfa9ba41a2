/** Metrics that records become: by annotations, by `--metric`, and by default the values of tables. */
import { RecordsError } from "./errors.ts";
import { findFields } from "./fields.ts";
import { isNumeric } from "./numbers.ts";
import type { Field, MetricKind, Schema } from "./schema.ts";

/** Value of `--metric`: a metric of a field, or the number of records by labels. */
export interface MetricSpec {
  /** Field whose values count; undefined for the records themselves. */
  readonly field?: string;
  /** Kind of the metric. */
  readonly kind: MetricKind;
  /** Names of the fields that are its labels. */
  readonly labels: readonly string[];
}

/** Metric of one source. */
export interface MetricPlan {
  /** Name of the field; undefined for the number of records. */
  readonly field?: string;
  /** Kind of the metric. */
  readonly kind: MetricKind;
  /** Names of the fields whose values tell series apart. */
  readonly labels: readonly string[];
}

/** Most labels of a metric; each multiplies the series. */
const MAX_LABELS = 16;

/**
 * Reads `FIELD=KIND[,LABEL...]`, or `LABEL[,LABEL...]` for the number of records.
 *
 * @throws {RecordsError} `BAD_RECORDS`
 */
export function parseMetric(text: string): MetricSpec {
  const [, field, kind = "", rest] = /^([^=,]+)=([^,]*)(?:,(.*))?$/s.exec(text) ?? [];
  const list = field === undefined ? text : rest;
  const words = list === undefined ? [] : list.split(",").map((word) => word.trim());
  const isKind = kind === "counter" || kind === "gauge" || kind === "histogram";
  const isWrong = words.some((word) => word === "" || word.includes("=")) ||
    words.length > MAX_LABELS || (field !== undefined && !isKind);
  if (isWrong) {
    throw new RecordsError(`Cannot use --metric "${text}": not FIELD=KIND or a list of fields`, {
      code: "BAD_RECORDS",
      hint: "write it like lat_ns=histogram,comm; kinds: counter, gauge, histogram",
    });
  }
  if (field === undefined) return { kind: "counter", labels: words };
  return { field: field.trim(), kind: kind as MetricKind, labels: words };
}

/**
 * Returns the metrics of a source.
 *
 * @throws {RecordsError} `UNKNOWN_FIELD`; `BAD_RECORDS` for a field that is not a number
 */
export function metricPlans(
  specs: readonly MetricSpec[],
  { source, schema, isStream }: { source: string; schema: Schema; isStream: boolean },
): MetricPlan[] {
  const own = schema.fields.filter(({ isLabel }) => isLabel === true).map(({ name }) => name);
  const given = specs.map(({ field, kind, labels }): MetricPlan => {
    const names = labels.flatMap((label) => findFields(schema, label, source))
      .map(({ name }) => name);
    if (field === undefined) return { kind, labels: names };
    const [found] = findFields(schema, field, source);
    if (found === undefined || !isNumeric(found)) throw notNumeric(field, source);
    // Rows of a table are told apart by their keys in any case.
    const keys = isStream || names.length > 0 ? [] : own;
    return { field: found.name, kind, labels: [...names, ...keys] };
  });
  const known = new Set(given.map(({ field }) => field));
  const annotated = schema.fields.flatMap((field): MetricPlan[] => {
    const kind = field.metric ?? defaultKind(field, isStream);
    if (kind === undefined || known.has(field.name) || !isNumeric(field)) return [];
    return [{ field: field.name, kind, labels: own }];
  });
  return [...given, ...annotated];
}

/** Formats of numbers whose size means nothing. */
const NAMES =
  /^(hex|addr|oct|char|ksym|usym|kstack|ustack|dev|inode|ipv4|ipv6|ip|errno|signal|mode)$/;

/** Values of tables are gauges; the kernel's object does not tell which only grow. */
function defaultKind(
  { isLabel, hidden, type, format }: Field,
  isStream: boolean,
): MetricKind | undefined {
  if (isStream || isLabel === true || hidden === true) return undefined;
  if (type.kind !== "int" && type.kind !== "float") return undefined;
  if (type.kind === "int" && type.of !== undefined) return undefined;
  return NAMES.test(format.name) || format.name === "time" ? undefined : "gauge";
}

function notNumeric(field: string, source: string): RecordsError {
  return new RecordsError(`Cannot use field "${field}" of "${source}" as a metric`, {
    code: "BAD_RECORDS",
    hint: "choose a field that is a number, or count records by it: --metric FIELD",
  });
}
