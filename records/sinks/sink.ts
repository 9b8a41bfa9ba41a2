/** Sinks: each writes rows of several sources in one format. */
import type { TextOptions } from "../compile/rows.ts";
import type { Framing } from "../batch.ts";
import type { ShownSchema } from "../output_options.ts";

/** Settings that all sinks of an output share. */
export interface SinkContext extends TextOptions {
  /** `--time`, `--no-time`; undefined for the default of the format. */
  readonly time: boolean | undefined;
  /** True for stacks on one line each. */
  readonly folded: boolean;
  /** Returns the number of sources so far: rows name theirs if there are several. */
  sources(): number;
}

/** Writer of the rows of one source to one sink. */
export interface RowsOfSource {
  /** Looks at a row before the first is written, to choose widths; absent if nothing depends on it. */
  measure?: ((s: Uint8Array, v: DataView, at: number) => void) | undefined;
  /** Called before the rows of a batch or interval. */
  begin(): void;
  /** Adds a row; `size` is the number of bytes that were sent, by `cpu`. */
  row(s: Uint8Array, v: DataView, at: number, size: number, cpu: number): void;
  /** Called after the rows of a batch, or of an interval. */
  end(): void;
  /** Copies a whole batch instead of its rows, where the format is the batch's; absent otherwise. */
  batch?(bytes: Uint8Array, framing: Framing): boolean;
}

/** Chart, stacks or bytes, in each form that a sink may need; everything is safe to show. */
export interface Block {
  /** Name of the source. */
  readonly source: string;
  readonly kind: "histogram" | "stacks" | "bytes";
  /** True if each interval starts from nothing. */
  readonly isCleared?: boolean;
  /** Lines for people, without the last line feed. */
  readonly lines: string;
  /** Objects for programs. */
  readonly json: readonly string[];
  /** Names of cells, and rows of them. */
  readonly csv: {
    readonly names: readonly string[];
    readonly rows: readonly (readonly string[])[];
  };
  /** True for lines that follow each other without a blank one. */
  readonly dense?: boolean;
}

/** One sink. */
export interface Sink {
  /** Returns the writer of a source's rows. */
  open(shown: ShownSchema): RowsOfSource;
  /** Writes a line of text, without its line feed; everything unseen is escaped. */
  text(source: string, line: string): void;
  /** Called before the blocks of an interval: a screen that is redrawn replaces the last ones. */
  startBlocks?(source: string): void;
  /** Called after the blocks of one look at a source. */
  endBlocks?(source: string): void;
  /** Writes what has no rows: charts and stacks. */
  block(block: Block): void;
  /** Shows lines above all others, on a screen that is redrawn. */
  notice?(lines: readonly string[]): void;
  /** Hands over what is buffered. */
  flush(): void;
  /** Writes what the format needs at its end. */
  close(): void;
}
