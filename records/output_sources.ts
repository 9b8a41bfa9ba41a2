/** Interfaces by which sources hand records to an output. */
import type { Btf } from "../ebpf/btf/mod.ts";
import type { Framing } from "./batch.ts";
import type { HistogramSpec } from "./histogram.ts";
import type { SortKey } from "./output_options.ts";
import type { Schema } from "./schema.ts";
import type { StackSample } from "./stacks.ts";

/** Takes the events of one source. */
export interface StreamSink {
  /**
   * Shows a batch of records; each sink gets one write.
   *
   * @param framing default: `framed`, as `buffer_read` writes it
   */
  write(batch: Uint8Array, framing?: Framing): void;
}

/** Takes the rows of one map. */
export interface TableSink {
  /**
   * Shows the rows of an interval.
   *
   * @param rows packed: of the schema's size each, one after the other
   */
  rows(rows: Uint8Array): void;
  /** Hands the rows as they are now to feeds alone, between two intervals. */
  refresh(rows: Uint8Array): void;
}

/** Takes the stacks of one source. */
export interface StacksSink {
  /** Shows the stacks of an interval. */
  rows(samples: readonly StackSample[]): void;
}

/** Type in BTF of the records of a source, for takers that make values of them. */
export interface RecordBtf {
  /** Types of the object. */
  readonly btf: Btf;
  /** Id of the type. */
  readonly id: number;
}

/** Types of a table's rows: key, then value from `valueOffset` on; undefined without BTF. */
export interface RowBtf {
  /** Type of the key. */
  readonly key: RecordBtf | undefined;
  /** Type of the value. */
  readonly value: RecordBtf | undefined;
  /** Bytes before the value. */
  readonly valueOffset: number;
}

/** Taker of the records of several sources: {@linkcode Output}, or one that hands them on as bytes. */
export interface RecordTaker {
  /** True if the caller stops. */
  readonly done: boolean;
  /** Adds a source of events. */
  stream(source: string, schema: Schema, type?: RecordBtf): StreamSink;
  /** Adds a map whose rows are shown at intervals. */
  table(source: string, schema: Schema, rows?: RowOrder, types?: RowBtf): TableSink;
  /** Adds a map whose rows each hold a histogram. */
  histogram(
    source: string,
    schema: Schema,
    spec: HistogramSpec,
    rows?: Pick<RowOrder, "isCleared">,
    types?: RowBtf,
  ): TableSink;
  /** Adds a source of events whose type is not known. */
  hex(source: string): StreamSink;
  /** Takes a line of text of a source. */
  text(source: string, line: string): void;
  /** Ends an interval. */
  interval(): void;
}

/** Order and number of a table's rows. */
export interface RowOrder {
  /** Keys, the first one counts most. */
  readonly sort?: readonly SortKey[];
  /** Most rows. */
  readonly limit?: number;
  /** True if each interval starts from nothing. */
  readonly isCleared?: boolean;
}
