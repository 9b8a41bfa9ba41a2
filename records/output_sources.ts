/** Interfaces by which sources hand records to an output. */
import type { Framing } from "./batch.ts";
import type { SortKey } from "./output_options.ts";
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

/** Order and number of a table's rows. */
export interface RowOrder {
  /** Keys, the first one counts most. */
  readonly sort?: readonly SortKey[];
  /** Most rows. */
  readonly limit?: number;
  /** True if each interval starts from nothing. */
  readonly isCleared?: boolean;
}
