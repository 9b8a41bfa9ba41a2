import assert from "node:assert/strict";
import {
  type FeedBlocks,
  FeedKind,
  FeedReader,
  feedRows,
  type FeedSource,
  NO_CLOCK,
  Output,
  parseFeed,
  parseMetric,
  RowsFlag,
  schemaFromText,
  TextMaker,
} from "../../records/mod.ts";
import { parseExposition, valueOf } from "../../tests/support/exposition.ts";
import { exposition } from "./exposition.ts";
import { baseUnit, labelNames, metricName } from "./names.ts";
import { ChartMetrics, RecordMetrics } from "./record_metrics.ts";
import { Registry } from "./registry.ts";

/** Sends rows of a schema through a feed, cut into pieces of odd sizes, to the metrics of them. */
function metricsOf(
  text: string,
  rows: Uint8Array,
  { specs = [], maxSeries = 100, isTable = false, isCleared = false, intervals = 1 }: {
    specs?: string[];
    maxSeries?: number;
    isTable?: boolean;
    isCleared?: boolean;
    intervals?: number;
  } = {},
) {
  const registry = new Registry(maxSeries);
  const texts = new TextMaker({ clock: NO_CLOCK, resolvers: {} });
  const reader = new FeedReader();
  let metrics: RecordMetrics | undefined;
  const write = (message: Uint8Array) => {
    for (let at = 0; at < message.length; at += 7) {
      for (const one of reader.push(message.slice(at, at + 7))) {
        if (one.kind === FeedKind.Open) {
          const opened = parseFeed(one.payload) as FeedSource;
          metrics = new RecordMetrics(registry, opened, (some) => texts.texts(some, opened.schema));
        } else if (one.kind === FeedKind.Rows) metrics?.rows(feedRows(one).rows, one.flags);
      }
    }
  };
  const output = new Output({
    sinks: [{ format: "feed", write, metrics: specs.map(parseMetric) }],
  });
  const schema = schemaFromText(text, "events");
  for (let i = 0, sink; i < intervals; i++) {
    if (isTable) {
      sink ??= output.table("events", schema, { isCleared });
      sink.rows(rows);
    } else output.stream("events", schema).write(rows, "packed");
  }
  return { registry, text: exposition(registry, null).body };
}

/** Rows of `u32 n; char name[12]`. */
function rowsOf(...rows: readonly [number, string][]): Uint8Array {
  const bytes = new Uint8Array(rows.length * 16);
  rows.forEach(([n, name], i) => {
    new DataView(bytes.buffer).setUint32(i * 16, n, true);
    bytes.set(new TextEncoder().encode(name).subarray(0, 12), i * 16 + 4);
  });
  return bytes;
}

const SCHEMA = "u32 lat_us @us @metric(histogram); char name[12] @label";

Deno.test("records become histograms with labels, in base units, whatever the labels hold", () => {
  const hostile = 'a"b\\c\n{}';
  const { text } = metricsOf(SCHEMA, rowsOf([3, hostile], [4, hostile], [1000, "sh"]));
  const families = parseExposition(text);
  const name = "wasm_bpf_record_events_lat_seconds";
  assert.equal(families.get(name)?.type, "histogram");
  const shown = 'a"b\\c\\x0a{}';
  assert.equal(valueOf(families, `${name}_count`, { name: shown }), 2);
  assert.ok(Math.abs((valueOf(families, `${name}_sum`, { name: "sh" }) ?? 0) - 1e-3) < 1e-9);
  assert.equal(valueOf(families, `${name}_bucket`, { name: shown, le: "+Inf" }), 2);
});

Deno.test("--metric counts records by labels, adds values up, and keeps the last", () => {
  const schema = "u32 n; char name[12]";
  const specs = ["name", "n=counter,name", "n=gauge"];
  const { text } = metricsOf(schema, rowsOf([3, "a"], [4, "a"], [5, "b"]), { specs });
  const families = parseExposition(text);
  assert.equal(valueOf(families, "wasm_bpf_record_events_records_total", { name: "a" }), 2);
  assert.equal(valueOf(families, "wasm_bpf_record_events_n_total", { name: "a" }), 7);
  // OpenMetrics has no gauge with the name of a counter.
  assert.equal(valueOf(families, "wasm_bpf_record_events_n_2"), 5);
});

Deno.test("series past the limit are counted together", () => {
  const rows = rowsOf(...Array.from({ length: 50 }, (_, i) => [1, `name${i}`] as [number, string]));
  const { registry, text } = metricsOf("u32 n; char name[12]", rows, {
    specs: ["n=counter,name"],
    maxSeries: 10,
  });
  const families = parseExposition(text);
  assert.equal(families.get("wasm_bpf_record_events_n_total")?.samples.length, 11);
  assert.equal(valueOf(families, "wasm_bpf_record_events_n_total", { overflow: "true" }), 40);
  assert.equal(registry.overflowed, 40);
});

Deno.test("rows of a table replace each other, and counters of an emptied one add up", () => {
  const rows = rowsOf([5, "a"]);
  const options = { isTable: true, intervals: 3 };
  const kept = metricsOf("u32 n @metric(counter); char name[12] @label", rows, options);
  assert.equal(valueOf(parseExposition(kept.text), "wasm_bpf_record_events_n_total"), 5);
  const emptied = metricsOf("u32 n @metric(counter); char name[12] @label", rows, {
    ...options,
    isCleared: true,
  });
  assert.equal(valueOf(parseExposition(emptied.text), "wasm_bpf_record_events_n_total"), 15);
  const plain = metricsOf("u32 n; char name[12] @label", rows, options);
  assert.equal(valueOf(parseExposition(plain.text), "wasm_bpf_record_events_n", { name: "a" }), 5);
});

Deno.test("rows of a table with the same labels are added up, anew in each interval", () => {
  const rows = rowsOf([5, "a"], [7, "a"], [1, "b"]);
  const specs = ["n=counter,name", "n=histogram,name"];
  const { text } = metricsOf("u32 n; char name[12]", rows, { specs, isTable: true, intervals: 3 });
  const families = parseExposition(text);
  const name = "wasm_bpf_record_events_n";
  assert.equal(valueOf(families, `${name}_total`, { name: "a" }), 12);
  assert.equal(valueOf(families, `${name}_2_count`, { name: "a" }), 2);
  assert.equal(valueOf(families, `${name}_2_sum`, { name: "a" }), 12);
  const few = metricsOf("u32 n; char name[12]", rowsOf([5, "a"], [7, "b"], [9, "c"]), {
    specs: ["n=counter,name"],
    ...{ isTable: true, intervals: 3, maxSeries: 1 },
  });
  assert.equal(valueOf(parseExposition(few.text), `${name}_total`, { overflow: "true" }), 16);
});

Deno.test("families and series do not take each other's name", () => {
  const registry = new Registry(10);
  registry.family({ name: "n_total", kind: "counter", help: "" })?.series();
  registry.family({ name: "n", kind: "gauge", help: "" })?.series();
  const types = exposition(registry, "application/openmetrics-text").body.split("\n")
    .filter((line) => line.startsWith("# TYPE "));
  assert.deepEqual(types, ["# TYPE n counter", "# TYPE n_2 gauge"]);
  const family = registry.family({ name: "x", kind: "gauge", help: "", labels: ["a", "b"] });
  const values = [["\xff", ""], ["", "\xff"], ["\ud800", "x"], ["", "\ud800x"], ["a\xff", "b"]];
  values.push(["a", "\xffb"], ["a\ud800b", ""], ["a", "b"]);
  for (const [i, value] of values.entries()) {
    const series = family?.series(value);
    assert.equal(series?.value, 0, `${i}`);
    if (series !== undefined) series.value = i + 1;
  }
});

Deno.test("series of rows that are gone give their place back", () => {
  const registry = new Registry(2);
  const family = registry.family({ name: "x", kind: "gauge", help: "", labels: ["a"] });
  for (let i = 0; i < 5; i++) {
    family?.begin();
    for (const value of [`${i}`, `${i + 1}`]) {
      const series = family?.series([value]);
      if (series !== undefined) series.value = i;
    }
    family?.end();
  }
  // One of two stays; the new one finds its place only after the old one is gone.
  assert.ok(registry.overflowed < 5, `${registry.overflowed}`);
});

Deno.test("histograms of maps have the same buckets in every series", () => {
  const registry = new Registry(100);
  const charts = new ChartMetrics(registry);
  const block = (isCleared: boolean): FeedBlocks => ({
    source: "hists",
    kind: "histogram",
    isCleared,
    total: 2,
    items: [
      '{"comm":"a","unit":"usecs","hist":[{"min":0,"max":1,"count":2},{"min":2,"max":3,"count":1}]}',
      '{"comm":"b\\u001b","unit":"usecs","hist":[{"min":0,"max":1,"count":18446744073709551615}]}',
    ],
  });
  charts.blocks(block(false));
  charts.blocks(block(false));
  const families = parseExposition(exposition(registry, null).body);
  const name = "wasm_bpf_record_hists_seconds";
  assert.equal(valueOf(families, `${name}_count`, { comm: "a" }), 3);
  assert.equal(
    families.get(name)?.samples.filter((one) => one.labels["le"] !== undefined).length,
    6,
  );
  charts.blocks(block(true));
  const added = parseExposition(exposition(registry, null).body);
  assert.equal(valueOf(added, `${name}_count`, { comm: "a" }), 6);
});

Deno.test("OpenMetrics is served when it is asked for, with the same series", () => {
  const { registry } = metricsOf(SCHEMA, rowsOf([3, "a"]), { specs: ["name"] });
  const accept = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3";
  const open = exposition(registry, accept);
  assert.match(open.type, /^application\/openmetrics-text; version=1\.0\.0/);
  const families = parseExposition(open.body, { isOpen: true });
  assert.equal(valueOf(families, "wasm_bpf_record_events_records_total", { name: "a" }), 1);
  assert.match(exposition(registry, "text/plain, */*;q=0.1").type, /^text\/plain; version=0\.0\.4/);
  assert.match(exposition(registry, "application/openmetrics-text;q=0").type, /^text\/plain/);
});

Deno.test("names are valid and keep clear of suffixes with a meaning", () => {
  const plain = baseUnit(undefined);
  const gauge = (...parts: string[]) => metricName(parts, { kind: "gauge", unit: plain });
  assert.equal(gauge("calls", "count"), "wasm_bpf_record_calls_count_value");
  assert.equal(gauge("évents{}\n", "maxDelay"), "wasm_bpf_record_vents_max_delay");
  assert.equal(gauge("", "\0"), "wasm_bpf_record_unnamed_unnamed");
  assert.equal(
    metricName(["io", "delay_ms"], { kind: "counter", unit: baseUnit("ms") }),
    "wasm_bpf_record_io_delay_seconds_total",
  );
  assert.deepEqual(labelNames(["le", "__name__", "a.b", "a-b", "1", ""]), [
    "le_",
    "name__",
    "a_b",
    "a_b_2",
    "field_1",
    "field_",
  ]);
});

Deno.test("a feed that is not valid is refused", () => {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint32(0, 0xffff_ffff, true);
  assert.throws(() => [...new FeedReader().push(bytes)], { code: "BAD_RECORDS" });
  for (const text of ["", "a=b", "a=counter,", "=gauge", ",a"]) {
    assert.throws(() => parseMetric(text), { code: "BAD_RECORDS" }, text);
  }
  assert.equal(RowsFlag.Begin, 1);
});
