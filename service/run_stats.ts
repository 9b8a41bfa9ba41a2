/** Figures of a run, as its process sends them: counters since its start. */

/** Program of a run. */
export interface ProgramFigures {
  readonly program: string;
  readonly section: string;
  /** `null` where the kernel does not count. */
  readonly runs: number | null;
  readonly runTimeNs: number | null;
  readonly missedRuns: number | null;
}

/** Buffer of a run. */
export interface BufferFigures {
  readonly map: string;
  readonly deliveredEvents: number;
  /** `null` where losses cannot be known. */
  readonly lostEvents: number | null;
  readonly truncatedEvents: number;
  readonly batches: number;
}

/** Figures of a run. */
export interface RunFigures {
  readonly programs: readonly ProgramFigures[];
  readonly buffers: readonly BufferFigures[];
  /** Milliseconds, for runs of guests. */
  readonly waitingMs?: number;
  readonly runningMs?: number;
  /** The guest's linear memory. */
  readonly memoryBytes?: number;
  readonly processRssBytes?: number;
  /** Errors that were reported, by code. */
  readonly errors: Readonly<Record<string, number>>;
}

/** Facts about a run that do not change. */
export interface RunIdentity {
  /** Name of the tool, object or module. */
  readonly name: string;
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  /** Times that a supervisor started it again. */
  readonly restarts: number;
}
