/**
 * Export by OTLP, with the official packages: metrics, and records as log lines. The environment has the
 * rest, as OpenTelemetry specifies it: endpoints, headers, time limits, compression.
 */
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { AggregationTemporality, DataPointType, type MetricData } from "@opentelemetry/sdk-metrics";
import { boundsOf } from "../metrics/exposition.ts";
import type { Family, Registry, Series } from "../metrics/registry.ts";
import type { RunIdentity } from "../run_stats.ts";
import type { OtlpSettings } from "../settings.ts";

/** Default of OTEL_METRIC_EXPORT_INTERVAL, in milliseconds. */
const INTERVAL_MS = 60_000;
/** Default of OTEL_BLRP_SCHEDULE_DELAY. */
const LOG_DELAY_MS = 1000;
/** Records of one request: the default of OTEL_BLRP_MAX_EXPORT_BATCH_SIZE. */
const BATCH = 512;
/** Records that wait for a collector; more are left out and counted. */
const MAX_WAITING = 16_384;
/** Attributes of one record. */
const MAX_ATTRIBUTES = 64;
/** Milliseconds that the end waits for the collector. */
const END_MS = 5000;
/** SeverityNumber of INFO. */
const INFO = 9;

type Time = [seconds: number, nanoseconds: number];
type LogBatch = Parameters<OTLPLogExporter["export"]>[0];

/** Parts of an exporter. */
export interface OtlpParts {
  readonly registry: Registry;
  readonly identity: RunIdentity;
  readonly settings: OtlpSettings;
  /** Called before the series are read. */
  refresh(): void;
  /** Gets the first failure of each kind, and what was not sent at the end. */
  onFailure(text: string): void;
  /** Called for records that were taken and did not arrive, with their source. */
  onLost(source: string): void;
}

/** Sends metrics at an interval, and records as they come. */
export class OtlpExporter {
  readonly #parts: OtlpParts;
  readonly #resource;
  readonly #scope;
  readonly #metrics: OTLPMetricExporter | undefined;
  readonly #logs: OTLPLogExporter | undefined;
  readonly #timers: number[] = [];
  #waiting: LogBatch = [];
  /** Records of the request that is under way. */
  #underWay = 0;
  #sending: Promise<void> | undefined;
  readonly #failed = new Set<string>();

  /** Reads the environment and starts the timers. */
  constructor(parts: OtlpParts) {
    const { identity, settings } = this.#parts = parts;
    const service = Deno.env.get("OTEL_SERVICE_NAME") || "wasm-bpf";
    this.#resource = resourceFromAttributes({
      ...attributesOf(Deno.env.get("OTEL_RESOURCE_ATTRIBUTES") ?? ""),
      "service.name": service,
      "wasm_bpf.tool": identity.name,
    });
    this.#scope = { name: "wasm-bpf", version: identity.version };
    if (settings.metrics) {
      this.#metrics = new OTLPMetricExporter();
      const every = numberOf("OTEL_METRIC_EXPORT_INTERVAL", INTERVAL_MS);
      this.#timers.push(setInterval(() => void this.#sendMetrics(), every));
    }
    if (settings.logs) {
      this.#logs = new OTLPLogExporter();
      const every = numberOf("OTEL_BLRP_SCHEDULE_DELAY", LOG_DELAY_MS);
      this.#timers.push(setInterval(() => void this.#sendLogs(), every));
    }
  }

  /** True if records are wanted. */
  get takesLogs(): boolean {
    return this.#logs !== undefined;
  }

  /** Takes a record as JSON; returns false if it is left out. */
  log(source: string, json: string): boolean {
    if (this.#logs === undefined) return true;
    if (this.#waiting.length >= MAX_WAITING) return false;
    const time = timeOf(Date.now());
    this.#waiting.push(
      {
        hrTime: time,
        hrTimeObserved: time,
        severityNumber: INFO,
        severityText: "INFO",
        body: json,
        // Last: a struct of an object may be called "wasm_bpf".
        attributes: { ...flattened(json), "wasm_bpf.source": source },
        resource: this.#resource,
        instrumentationScope: this.#scope,
        droppedAttributesCount: 0,
      } as LogBatch[number],
    );
    return true;
  }

  /** Sends the records that wait; one request at a time. */
  async #sendLogs(): Promise<void> {
    this.#sending ??= this.#sendBatches().finally(() => this.#sending = undefined);
    await this.#sending;
  }

  async #sendBatches(): Promise<void> {
    const logs = this.#logs;
    while (logs !== undefined && this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH);
      this.#underWay = batch.length;
      const isSent = await this.#sent("logs", (done) => logs.export(batch, done));
      this.#underWay = 0;
      if (isSent) continue;
      // The exporter has tried again as often as OpenTelemetry specifies it.
      for (const { attributes } of batch) this.#parts.onLost(`${attributes["wasm_bpf.source"]}`);
      return;
    }
  }

  async #sendMetrics(): Promise<void> {
    const exporter = this.#metrics;
    if (exporter === undefined) return;
    this.#parts.refresh();
    const { registry, identity } = this.#parts;
    const times = { startTime: timeOf(identity.startedMs), endTime: timeOf(Date.now()) };
    const metrics = registry.families().flatMap((family) => metricOf(family, times) ?? []);
    const data = { resource: this.#resource, scopeMetrics: [{ scope: this.#scope, metrics }] };
    await this.#sent("metrics", (done) => exporter.export(data, done));
  }

  #sent(
    kind: string,
    send: (done: (result: { code: number; error?: Error }) => void) => void,
  ): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    send(({ code, error }) => {
      if (code !== 0 && !this.#failed.has(kind)) {
        this.#failed.add(kind);
        this.#parts.onFailure(`Cannot send ${kind} by OTLP: ${error?.message ?? "refused"}`);
      }
      resolve(code === 0);
    });
    return promise;
  }

  /** Sends what is left, for a while. */
  async finish(endMs = END_MS): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    const { promise, resolve } = Promise.withResolvers<void>();
    let isSent = false, isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      resolve();
    }, endMs);
    const metrics = this.#sendMetrics().then(() => isSent = true);
    // A request under way may leave some that have come meanwhile.
    const logs = this.#sendLogs().then(() => this.#sendLogs());
    await Promise.race([promise, Promise.all([metrics, logs])]);
    clearTimeout(timer);
    const left = this.#waiting.length + this.#underWay;
    const reason = isLate ? "no time at the end of the run" : "the collector refuses them";
    const report = (what: string) =>
      this.#parts.onFailure(`Cannot send ${what} by OTLP: ${reason}`);
    if (left > 0) report(`${left} ${left === 1 ? "record" : "records"}`);
    if (!isSent && this.#metrics !== undefined) report("the last metrics");
  }
}

function timeOf(ms: number): Time {
  return [Math.floor(ms / 1000), Math.round((ms % 1000) * 1e6)];
}

function numberOf(variable: string, otherwise: number): number {
  const value = Number(Deno.env.get(variable) || NaN);
  return value >= 10 && value <= 86_400_000 ? value : otherwise;
}

/** Reads `key=value,key=value`, percent-encoded. */
function attributesOf(text: string): Record<string, string> {
  const pairs = text.split(",").flatMap((pair): [string, string][] => {
    const [, key = "", value = ""] = /^\s*([^=]+)=(.*)$/s.exec(pair) ?? [];
    try {
      return key === "" ? [] : [[key.trim(), decodeURIComponent(value.trim())]];
    } catch {
      return [];
    }
  });
  return Object.fromEntries(pairs);
}

/** Returns the scalar members of a record by their dotted names; long integers as text. */
function flattened(json: string): Record<string, string | number | boolean> {
  const attributes: Record<string, string | number | boolean> = Object.create(null);
  let count = 0;
  const add = (value: unknown, name: string) => {
    if (count >= MAX_ATTRIBUTES) return;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      for (const [key, each] of Object.entries(value)) {
        add(each, name === "" ? key : `${name}.${key}`);
      }
      return;
    }
    count += 1;
    const isPlain = typeof value === "string" || typeof value === "boolean" ||
      (typeof value === "number" && (Number.isSafeInteger(value) || !Number.isInteger(value)));
    attributes[name] = isPlain ? value as string | number | boolean : JSON.stringify(value);
  };
  add(JSON.parse(json), "");
  return attributes;
}

interface Times {
  readonly startTime: Time;
  readonly endTime: Time;
}

function metricOf(family: Family, times: Times): MetricData | undefined {
  const { name, kind, help, unit } = family.spec;
  const series = [...family.all()];
  if (series.length === 0) return undefined;
  const units: Readonly<Record<string, string>> = { seconds: "s", bytes: "By" };
  const descriptor = { name, description: help, unit: units[unit ?? ""] ?? "1", valueType: 1 };
  const shared = {
    descriptor: descriptor as MetricData["descriptor"],
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  const points = <T>(value: (series: Series) => T) =>
    series.map((one) => ({ ...times, attributes: labelsOf(family, one), value: value(one) }));
  switch (kind) {
    case "counter":
      return {
        ...shared,
        dataPointType: DataPointType.SUM,
        isMonotonic: true,
        dataPoints: points(({ value }) => value),
      };
    case "gauge":
      return {
        ...shared,
        dataPointType: DataPointType.GAUGE,
        dataPoints: points(({ value }) => value),
      };
    case "histogram": {
      const boundaries = boundsOf(series).filter(Number.isFinite);
      return {
        ...shared,
        dataPointType: DataPointType.HISTOGRAM,
        dataPoints: points(({ buckets, sum }) => {
          const counts = boundaries.map((bound) => buckets.get(bound) ?? 0);
          const count = counts.reduce((all, one) => all + one, 0);
          return {
            buckets: { boundaries, counts: [...counts, 0] },
            count,
            ...(sum === undefined ? {} : { sum }),
          };
        }),
      };
    }
  }
}

function labelsOf({ labels }: Family, series: Series): Record<string, string> {
  if (series.labels === undefined) return { overflow: "true" };
  return Object.fromEntries(labels.map((label, i) => [label, series.labels?.[i] ?? ""]));
}
