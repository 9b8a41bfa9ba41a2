/** Metrics of records: counters, gauges and histograms of their fields. */
import {
  type FeedBlocks,
  type FeedSource,
  type Field,
  type MetricPlan,
  type NumberReader,
  numberReader,
  RowsFlag,
  type Texts,
} from "../../records/mod.ts";
import { type BaseUnit, baseUnit, metricName } from "./names.ts";
import type { Family, Registry, Series } from "./registry.ts";

/** Number of buckets of 64-bit values. */
const MAX_SLOT = 63;
/** Sources whose charts become metrics; printed lines and hostile objects have no more. */
const MAX_CHARTS = 256;
/** Slots of a chart that are read. */
const MAX_BARS = 4096;

/** Reads the labels of a record as text. */
export type LabelReader = (rows: Uint8Array, view: DataView, at: number) => readonly string[];

interface Metric {
  readonly plan: MetricPlan;
  readonly family: Family;
  readonly read: NumberReader | undefined;
  readonly labels: LabelReader;
  readonly unit: BaseUnit;
  /** Sums over the rows of the interval, of which several may have the same labels. */
  readonly sums: Map<Series, Sum>;
}

/** Value of a series at the end of an interval. */
type Sum = Pick<Series, "value" | "buckets" | "sum">;

/** Metrics of one source. */
export class RecordMetrics {
  readonly #source: FeedSource;
  readonly #metrics: readonly Metric[];

  /** @param texts returns the writer of fields as text */
  constructor(
    registry: Registry,
    source: FeedSource,
    texts: (fields: readonly Field[]) => Texts,
  ) {
    this.#source = source;
    this.#metrics = source.metrics.flatMap((plan) => {
      const metric = metricOf(registry, source, plan, texts);
      return metric === undefined ? [] : [metric];
    });
  }

  /** Takes rows of a batch or of a part of an interval. */
  rows(rows: Uint8Array, flags: number): void {
    if (this.#metrics.length === 0) return;
    const { isStream, schema: { size } } = this.#source;
    const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
    for (const metric of this.#metrics) {
      const replaces = !isStream && this.#replaces(metric);
      if (replaces && (flags & RowsFlag.Begin) !== 0) {
        metric.family.begin();
        metric.sums.clear();
      }
      for (let at = 0; at + size <= rows.length; at += size) {
        const series = metric.family.series(metric.labels(rows, view, at));
        add(metric, replaces ? this.#target(metric, series) : series, view, at);
      }
      if (replaces && (flags & RowsFlag.End) !== 0) {
        // Only now: a series that grew with the rows would look like a counter that began anew.
        for (const [series, sum] of metric.sums) Object.assign(series, sum);
        metric.sums.clear();
        metric.family.end();
      }
    }
  }

  /** Returns what a row of a table that replaces those before is added to. */
  #target({ plan, read, sums }: Metric, series: Series): Sum {
    if (plan.kind === "gauge" || read === undefined) return series;
    let sum = sums.get(series);
    if (sum === undefined) sums.set(series, sum = { value: 0, buckets: new Map(), sum: undefined });
    return sum;
  }

  /** Counters of a table that is emptied add up; all other rows of a table replace those before. */
  #replaces({ plan }: Metric): boolean {
    return !(this.#source.isCleared && plan.kind !== "gauge");
  }
}

function add({ plan, read, unit }: Metric, series: Sum, view: DataView, at: number): void {
  if (read === undefined) {
    series.value += 1;
    return;
  }
  const value = read(view, at);
  switch (plan.kind) {
    case "counter":
      series.value += Math.max(value * unit.factor, 0);
      break;
    case "gauge":
      series.value = value * unit.factor;
      break;
    case "histogram":
      observe(series, value, unit);
  }
}

/** Formats of durations and sizes have a unit, too. */
function unitOf({ unit, format }: Field): string | undefined {
  return unit ?? (/^(ns|us|ms|s|size)$/.test(format.name) ? format.name : undefined);
}

function metricOf(
  registry: Registry,
  { source, schema, isStream }: FeedSource,
  plan: MetricPlan,
  texts: (fields: readonly Field[]) => Texts,
): Metric | undefined {
  const find = (name: string) => schema.fields.find((field) => field.name === name);
  const field = plan.field === undefined ? undefined : find(plan.field);
  const labels = plan.labels.flatMap((name) => find(name) ?? []);
  const unit = baseUnit(field && unitOf(field));
  const parts = field === undefined ? [source, "records"] : [source, field.name];
  const family = registry.family({
    name: metricName(parts, { kind: plan.kind, unit }),
    kind: plan.kind,
    help: field?.help ??
      (field === undefined
        ? `Records of ${source}.`
        : `Field ${field.name} of ${isStream ? "records" : "rows"} of ${source}.`),
    labels: labels.map(({ name }) => name),
    ...(unit.suffix === "" ? {} : { unit: unit.suffix }),
  });
  if (family === undefined) return undefined;
  const text = texts(labels);
  return {
    plan,
    family,
    read: field === undefined ? undefined : numberReader(field),
    labels: labels.length === 0 ? () => [] : (rows, view, at) => text(rows, view, at),
    unit,
    sums: new Map(),
  };
}

/** Counts a value in the slot of its power of two, as programs do with bpf_log2(). */
function observe(series: Sum, value: number, { factor }: BaseUnit): void {
  const slot = value < 2 ? 0 : Math.min(MAX_SLOT, Math.floor(Math.log2(value)));
  const bound = (2 ** (slot + 1) - 1) * factor;
  series.buckets.set(bound, (series.buckets.get(bound) ?? 0) + 1);
  series.sum = (series.sum ?? 0) + Math.max(value, 0) * factor;
}

/** Metrics of histograms that objects keep in maps. */
export class ChartMetrics {
  readonly #registry: Registry;
  readonly #families = new Map<string, Family | undefined>();

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** Takes the charts of an interval. */
  blocks({ source, kind, isCleared, items }: FeedBlocks): void {
    if (kind !== "histogram") return;
    const charts = items.flatMap((item) => chartOf(item) ?? []);
    const [first] = charts;
    if (first === undefined) return;
    const { factor } = baseUnit(first.unit);
    const family = this.#family(source, first);
    if (family === undefined) return;
    if (!isCleared) family.begin();
    for (const { labels, bars } of charts) {
      const series = family.series(labels.map(([, value]) => value));
      if (!isCleared && series.labels !== undefined) series.buckets.clear();
      for (const { max, count } of bars) {
        const bound = max * factor;
        series.buckets.set(bound, (series.buckets.get(bound) ?? 0) + count);
      }
    }
    if (!isCleared) family.end();
  }

  #family(source: string, { unit, labels }: Chart): Family | undefined {
    if (this.#families.has(source)) return this.#families.get(source);
    if (this.#families.size >= MAX_CHARTS) return undefined;
    const base = baseUnit(unit);
    const family = this.#registry.family({
      name: metricName([source], { kind: "histogram", unit: base }),
      kind: "histogram",
      help: `Distribution that the map ${source} holds.`,
      labels: labels.map(([name]) => name),
      ...(base.suffix === "" ? {} : { unit: base.suffix }),
    });
    this.#families.set(source, family);
    return family;
  }
}

interface Chart {
  readonly labels: readonly (readonly [string, string])[];
  readonly unit: string;
  readonly bars: readonly { readonly max: number; readonly count: number }[];
}

/** Reads a histogram as JSON sinks print it. */
function chartOf(text: string): Chart | undefined {
  const value = JSON.parse(text) as Record<string, unknown>;
  const { source: _source, unit, hist, ...members } = value;
  if (!Array.isArray(hist)) return undefined;
  return {
    labels: flattened(members, ""),
    unit: typeof unit === "string" ? unit : "",
    bars: hist.slice(0, MAX_BARS).map(({ max, count }) => ({
      max: Number(max),
      count: Number(count),
    })),
  };
}

function flattened(value: object, prefix: string): (readonly [string, string])[] {
  return Object.entries(value).flatMap(([name, each]) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? flattened(each, `${prefix}${name}.`)
      : [[`${prefix}${name}`, typeof each === "string" ? each : JSON.stringify(each)] as const]
  );
}
