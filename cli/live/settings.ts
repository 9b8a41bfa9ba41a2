/** Settings of metrics and the page on a command line. */
import { type MetricSpec, parseMetric } from "../../records/mod.ts";
import {
  isLoopback,
  type Listen,
  type MetricsSettings,
  type OtlpSettings,
  type ServiceSettings,
  type WebSettings,
} from "../../service/live.ts";
import type { LiveOption } from "../args/live_options.ts";
import type { PartOfLine } from "../args/options.ts";
import { UsageError } from "../errors.ts";

/** Settings of a run that is looked at from outside. */
export interface LiveSettings extends Omit<ServiceSettings, "identity" | "symbols"> {
  readonly specs: readonly MetricSpec[];
}

const LOCALHOST = "127.0.0.1";
const MAX_SERIES = 2000;
const MOST_SERIES = 1_000_000;

/**
 * Returns the settings of a command line.
 *
 * @throws {UsageError} for a wrong value, and for an open address without a token or TLS
 * @throws {RecordsError} `BAD_RECORDS` for a wrong metric
 */
export function liveSettings({ values, lists }: PartOfLine<LiveOption>): LiveSettings {
  const { metrics, web, otlp } = values;
  checkWebFiles(values);
  for (const name of ["metrics-token", "metrics-cert", "metrics-key"] as const) {
    if (values[name] !== undefined && metrics === undefined) {
      throw new UsageError(`Cannot use --${name} without --metrics`);
    }
  }
  const specs = (lists?.metric ?? []).map(parseMetric);
  if (metrics === undefined && web === undefined && otlp === undefined) {
    throw new UsageError("Cannot make metrics: nothing serves them", "pass --metrics PORT");
  }
  return {
    specs,
    maxSeries: seriesOf(values["max-series"]),
    ...(metrics === undefined ? {} : { metrics: metricsOf(metrics, values) }),
    ...(web === undefined ? {} : { web: webSettings(web, values) }),
    ...(otlp === undefined ? {} : { otlp: otlpOf(otlp) }),
  };
}

/** Reads `--otlp[=metrics|logs]`, and checks what OpenTelemetry's variables say about it. */
function otlpOf(text: string): OtlpSettings {
  const { env } = Deno;
  if (text !== "" && text !== "metrics" && text !== "logs") {
    throw new UsageError(`Cannot use --otlp="${text}": not metrics or logs`);
  }
  const signals = { metrics: text !== "logs", logs: text !== "metrics" };
  const names = [...signals.metrics ? ["METRICS"] : [], ...signals.logs ? ["LOGS"] : []];
  for (const name of names) {
    const of = (word: string) =>
      env.get(`OTEL_EXPORTER_OTLP_${name}_${word}`) || env.get(`OTEL_EXPORTER_OTLP_${word}`) ||
      undefined;
    const endpoint = of("ENDPOINT");
    const hint = "set it to the address of a collector, such as http://127.0.0.1:4318";
    if (endpoint === undefined) {
      throw new UsageError("Cannot send by OTLP: OTEL_EXPORTER_OTLP_ENDPOINT is not set", hint);
    }
    // The exporter sends to a default address in place of a wrong one.
    if (!/^https?:\/\//i.test(endpoint) || !URL.canParse(endpoint)) {
      throw new UsageError(
        `Cannot send by OTLP to "${endpoint}": OTEL_EXPORTER_OTLP_ENDPOINT is not an http address`,
        hint,
      );
    }
    const protocol = of("PROTOCOL") ?? "http/protobuf";
    if (protocol !== "http/protobuf") {
      throw new UsageError(
        `Cannot send by OTLP with protocol "${protocol}"`,
        "set OTEL_EXPORTER_OTLP_PROTOCOL to http/protobuf; collectors take it at port 4318",
      );
    }
  }
  return signals;
}

/** Values of the options for a page by TLS. */
type WebFiles = { readonly [name in "web" | "web-cert" | "web-key"]?: string };

/** @throws {UsageError} for a file without the other one, and for files without a page */
export function checkWebFiles({ web, ...files }: WebFiles): void {
  const { "web-cert": cert, "web-key": key } = files;
  if (cert === undefined && key === undefined) return;
  const [given, missing] = cert === undefined ? ["key", "cert"] : ["cert", "key"];
  if (web === undefined) throw new UsageError(`Cannot use --web-${given} without --web`);
  if (cert !== undefined && key !== undefined) return;
  throw new UsageError(`Cannot use --web-${given} without --web-${missing}`);
}

/**
 * Reads the value of `--web`. Without TLS the page's token would travel in the clear, so other machines
 * come through a tunnel.
 *
 * @throws {UsageError} for an address that other machines reach, without TLS
 */
export function webSettings(text: string, values: WebFiles): WebSettings {
  checkWebFiles({ ...values, web: text });
  const address = text === "" ? { host: LOCALHOST, port: 0 } : addressOf(text, "--web");
  const { "web-cert": certFile, "web-key": keyFile } = values;
  if (certFile !== undefined && keyFile !== undefined) {
    return { ...address, certFile: absolute(certFile), keyFile: absolute(keyFile) };
  }
  if (isLoopback(address.host)) return address;
  throw new UsageError(
    `Cannot serve the page at "${text}": other machines could read its token`,
    "pass --web-cert and --web-key, or forward a port of 127.0.0.1: " +
      "ssh -L 8080:127.0.0.1:PORT HOST",
  );
}

function metricsOf(text: string, values: PartOfLine<LiveOption>["values"]): MetricsSettings {
  const address = addressOf(text, "--metrics");
  const { "metrics-token": tokenFile, "metrics-cert": certFile, "metrics-key": keyFile } = values;
  if ((certFile === undefined) !== (keyFile === undefined)) {
    const [given, missing] = certFile === undefined ? ["key", "cert"] : ["cert", "key"];
    throw new UsageError(`Cannot use --metrics-${given} without --metrics-${missing}`);
  }
  if (!isLoopback(address.host) && tokenFile === undefined && certFile === undefined) {
    throw new UsageError(
      `Cannot serve metrics at "${text}": other machines could read them`,
      "pass --metrics-token FILE, or --metrics-cert and --metrics-key",
    );
  }
  return {
    ...address,
    ...(tokenFile === undefined ? {} : { tokenFile: absolute(tokenFile) }),
    ...(certFile === undefined ? {} : { certFile: absolute(certFile) }),
    ...(keyFile === undefined ? {} : { keyFile: absolute(keyFile) }),
  };
}

/** The process that reads the file has another working directory. */
function absolute(path: string): string {
  return path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
}

/**
 * Reads `[HOST:]PORT`; the host is an IP address or localhost.
 *
 * @throws {UsageError}
 */
export function addressOf(text: string, option: string): Listen {
  const [, host = "", digits = ""] = /^(?:(\[[0-9a-fA-F:.]+\]|[^:]*):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  const name = host === "" || host === "localhost" ? LOCALHOST : host.replace(/^\[|\]$/g, "");
  const isAddress = host.startsWith("[") ||
    /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(name);
  if (digits !== "" && port <= 65_535 && isAddress) return { host: name, port };
  throw new UsageError(
    `Cannot use ${option} "${text}": not [HOST:]PORT`,
    "write a port, or an IP address and a port: 9435, 127.0.0.1:9435, [::1]:9435",
  );
}

function seriesOf(text: string | undefined): number {
  if (text === undefined) return MAX_SERIES;
  const count = /^\d{1,7}$/.test(text) ? Number(text) : -1;
  if (count >= 0 && count <= MOST_SERIES) return count;
  throw new UsageError(`Cannot use --max-series "${text}": not a number up to ${MOST_SERIES}`);
}
