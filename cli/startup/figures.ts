/** Figures of a run on their way to where others look at them; loads nothing. */
import type { RunFigures } from "../../service/live.ts";

/** Figures of a run, without the errors, which are counted by their receiver. */
export type FiguresWithoutErrors = Omit<RunFigures, "errors">;

/** Takes the figures of a run. */
export interface LiveSink {
  /** Milliseconds between two reports. */
  readonly everyMs: number;
  /** Reports the figures. */
  figures(figures: FiguresWithoutErrors): void;
  /** Counts an error that was reported. */
  error(error: unknown): void;
}

/** Milliseconds between two looks at a table that is printed at the end alone. */
export const LIVE_TABLE_MS = 1000;
