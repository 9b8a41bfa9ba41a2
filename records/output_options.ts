/** Options of an output: sinks and everything that decides which rows they get. */
import type { FieldChoice } from "./fields.ts";
import type { Format } from "./format.ts";
import type { MetricSpec } from "./metric_plan.ts";
import type { Resolvers } from "./resolvers.ts";
import type { Field, Schema } from "./schema.ts";
import type { Clock } from "./text/times.ts";

/** Formats of sinks. */
export const OUTPUT_FORMATS = ["columns", "jsonl", "json", "csv", "raw"] as const;

/** Format of a sink. */
export type OutputFormat = typeof OUTPUT_FORMATS[number];

/** One place that rows go to. */
export interface SinkOptions {
  /** Format of the rows; `feed` for another process, which {@linkcode FeedReader} reads. */
  readonly format: OutputFormat | "feed";
  /** Takes the text of a batch; the bytes are valid during the call only. */
  write(bytes: Uint8Array): void;
  /** Cells of the terminal's line; absent for files and pipes, which get whole rows. */
  readonly width?: number | (() => number);
  /** True for colours; a terminal without NO_COLOR. */
  readonly color?: boolean;
  /** Returns the lines of a terminal that is redrawn for each interval, on its alternate screen. */
  readonly screen?: () => number;
  /** Metrics made of the records of a feed, in addition to those of annotations. */
  readonly metrics?: readonly MetricSpec[];
}

/** Test of a record, made for a schema by a {@linkcode Filter}. */
export type Predicate = (s: Uint8Array, v: DataView, at: number) => boolean;

/** Parsed expression of `--filter`; see `loadFilter()`. */
export interface Filter {
  /** Expression as it was given. */
  readonly text: string;
  /**
   * Returns the test for records of a schema.
   *
   * @param clock clocks that times are compared by; default: 1970
   *
   * @throws {RecordsError} `UNKNOWN_FIELD`, `BAD_FILTER`
   */
  compile(schema: Schema, source: string, clock?: Clock): Predicate;
}

/** Key of an order. */
export interface SortKey {
  /** Name of the field. */
  readonly field: string;
  /** True for the highest first. */
  readonly descending: boolean;
}

/** Options of an {@linkcode Output}. */
export interface OutputOptions {
  /** Places that rows go to, all of them at once. */
  readonly sinks: readonly SinkOptions[];
  /** Fields shown. */
  readonly fields?: FieldChoice | undefined;
  /** Rows shown. */
  readonly filter?: Filter | undefined;
  /** Order of a table's rows, and of a stream's rows of an interval. */
  readonly sort?: readonly SortKey[] | undefined;
  /** Most rows of an interval. */
  readonly limit?: number | undefined;
  /** Groups that a stream's records are counted in, each interval. */
  readonly aggregate?: AggregateSpec | undefined;
  /** Formats that take precedence over those of schemas. */
  readonly formats?: readonly { readonly field: string; readonly format: Format }[] | undefined;
  /** Time of rows: by default in columns of streams, and not in JSON. */
  readonly time?: boolean | undefined;
  /** True for digits where people would read units. */
  readonly exact?: boolean | undefined;
  /** True for columns of records with stacks as one line a stack: `comm;a;b;c 12`. */
  readonly folded?: boolean | undefined;
  /** Records of streams, or intervals of tables, after which {@linkcode Output.done} is set. */
  readonly count?: number | undefined;
  /** Clocks and zone; default: 1970, UTC. */
  readonly clock?: Clock | undefined;
  /** Names of the host. */
  readonly resolvers?: Resolvers | undefined;
}

/** Schema as a sink gets it: formats applied and fields chosen. */
export interface ShownSchema {
  readonly source: string;
  /** All fields, with the formats of `--as`. */
  readonly schema: Schema;
  /** Fields shown, in order. */
  readonly fields: readonly Field[];
  /** True for events, false for rows of a table. */
  readonly isStream: boolean;
  /** True if each interval of a table starts from nothing. */
  readonly isCleared?: boolean | undefined;
}

/** Function over the records of a group. */
export type AggregateFunction = "count" | "sum" | "min" | "max" | "avg";

/** Groups, and what is computed for each. */
export interface AggregateSpec {
  /** Fields whose values make a group; one group without any. */
  readonly keys: readonly string[];
  /** Functions; `count` has no field. */
  readonly measures: readonly { readonly call: AggregateFunction; readonly field?: string }[];
}
