/** Options of runs that are looked at from outside: metrics, and a page. */
import type { OptionSpec, PartOfLine } from "./options.ts";

/** Options of a page that other machines reach. */
export const WEB_TLS_OPTIONS = {
  "web-cert": { argument: "FILE", help: "serve the page by TLS with the certificates in FILE" },
  "web-key": { argument: "FILE", help: "private key of --web-cert" },
} as const satisfies Record<string, OptionSpec>;

export const LIVE_OPTIONS = {
  "metrics": {
    argument: "[HOST:]PORT",
    help: "serve metrics of the run and its records at http://HOST:PORT/metrics, for Prometheus " +
      "(default host: 127.0.0.1; another one needs a token or TLS)",
  },
  "metrics-token": {
    argument: "FILE",
    help: "serve metrics only to requests with the token in FILE, as Authorization: Bearer",
  },
  "metrics-cert": { argument: "FILE", help: "serve metrics by TLS with the certificates in FILE" },
  "metrics-key": { argument: "FILE", help: "private key of --metrics-cert" },
  "metric": {
    argument: "FIELD=KIND[,LABEL...]",
    repeatable: true,
    help: "make a field a counter, gauge or histogram, a series for each value of the labels; " +
      "--metric LABEL,... counts records; repeatable",
  },
  "web": {
    argument: "[HOST:]PORT",
    optional: true,
    help:
      "serve a page of the run's records and figures, and print its link (default: a free port " +
      "of 127.0.0.1; another host needs TLS)",
  },
  ...WEB_TLS_OPTIONS,
  "otlp": {
    argument: "metrics|logs",
    optional: true,
    help: "send metrics, and records as log lines, to where OTEL_EXPORTER_OTLP_ENDPOINT says; " +
      "default: both",
  },
  "max-series": {
    argument: "N",
    help: "limit the series that records make (default: 2000); more are counted together",
  },
} as const satisfies Record<string, OptionSpec>;

/** Name of an option for runs that are looked at from outside. */
export type LiveOption = keyof typeof LIVE_OPTIONS;

/** Reports whether a command line asks for metrics or a page. */
export function wantsLive({ values }: PartOfLine<LiveOption>): boolean {
  return (Object.keys(LIVE_OPTIONS) as LiveOption[]).some((name) => values[name] !== undefined);
}
