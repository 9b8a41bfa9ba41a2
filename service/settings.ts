/** Settings of the process that serves a run's figures; JSON on their way there. */
import type { RunIdentity } from "./run_stats.ts";

/** Address to listen at. */
export interface Listen {
  /** IP address, without brackets. */
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
}

/** Files of TLS, both or neither. */
export interface TlsFiles {
  /** Certificates in PEM form, that of the server first. */
  readonly certFile?: string;
  /** Private key of the first one. */
  readonly keyFile?: string;
}

/** Endpoint of `--metrics`. */
export interface MetricsSettings extends Listen, TlsFiles {
  /** File with the token that requests need. */
  readonly tokenFile?: string;
}

/** Endpoint of `--web`. */
export interface WebSettings extends Listen, TlsFiles {}

/** Signals that are sent by OTLP. */
export interface OtlpSettings {
  readonly metrics: boolean;
  readonly logs: boolean;
}

/** Everything that the process needs. */
export interface ServiceSettings {
  readonly identity: RunIdentity;
  readonly metrics?: MetricsSettings;
  readonly web?: WebSettings;
  readonly otlp?: OtlpSettings;
  /** Limit of the series that records make. */
  readonly maxSeries: number;
  /** True to read the kernel's symbols, for fields with addresses. */
  readonly symbols: boolean;
}

/** First line that the process writes. */
export type ServiceReply =
  | {
    /** Addresses that it serves at. */
    readonly metrics?: string;
    /** Link to the page, with its token. */
    readonly web?: string;
    /** Rights that could not be given up. */
    readonly notes: readonly string[];
  }
  | { readonly error: { readonly message: string; readonly code: string; readonly hint?: string } };

/** Reports whether an address is reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

/** Returns an address as URLs and Host headers have it. */
export function authority({ host, port }: Listen): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
