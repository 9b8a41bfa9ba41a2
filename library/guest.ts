/** Guests whose records are iterated over. */
import { HostError } from "../ffi/errors.ts";
import type { DecodedRecord } from "../records/mod.ts";
import {
  GuestHandle,
  type GuestModule,
  type GuestRecords,
  runGuest as runInRuntime,
  type RunOptions,
  type SpawnOptions,
} from "../runtime/mod.ts";
import { guestRecordsOf, receiveRecords, type RecordMessage } from "./guest_records.ts";
import type { RecordIterator } from "./record_iterator.ts";
import { type BatchOptions, type ReadOptions, RecordStreams } from "./record_streams.ts";
import type { RecordBatch, SourceInfo } from "./sources.ts";

/** Iterators over the records of a run. */
export interface RecordSources {
  /**
   * Iterates over the records of a source, as values of the types that `gen typescript` writes. Several
   * iterators each get all records from their creation on.
   *
   * @param source name of the source; a name that the run does not have rejects with `NO_SOURCE`
   */
  records<T = unknown>(source: string, options?: ReadOptions<T>): RecordIterator<T>;
  /** Iterates over the records of a source as `-o json` shows them: names, addresses, times as text. */
  shownRecords(source: string, options?: BatchOptions): RecordIterator<DecodedRecord>;
  /** Iterates over the batches of a source, as bytes. */
  batches(source: string, options?: BatchOptions): RecordIterator<RecordBatch>;
  /** Sources that the run has opened so far, and counts of their records. */
  readonly sources: SourceInfo[];
}

/** Handling of records that come faster than they are taken. */
export interface RecordRoom {
  /**
   * `"wait"`: the run waits for the slowest iterator, with a mebibyte of records on the way. `"drop"`:
   * records for which an iterator has no room are dropped and counted. Default: `"wait"`.
   */
  readonly whenFull?: "wait" | "drop";
  /** Bytes of records that wait for one iterator with `"drop"`; default: 4 MiB. */
  readonly maxBytes?: number;
}

/** Options of a spawned guest, and of its records. */
export interface RecordingOptions extends Omit<SpawnOptions, "records"> {
  /** Takes its records, which it then does not print; default: it prints by itself. */
  records?: boolean | RecordRoom;
}

const MAX_BYTES = 4 << 20;

/** Returns the bytes that may wait for an iterator; undefined if the run waits. */
export function roomOf(
  { whenFull = "wait", maxBytes = MAX_BYTES }: RecordRoom,
): number | undefined {
  return whenFull === "drop" ? maxBytes : undefined;
}

/** Spawned guest with its records. */
export class RecordingGuest extends GuestHandle implements RecordSources {
  readonly #streams: RecordStreams | undefined;
  readonly #name: string;

  /** @internal Made by {@linkcode spawn}. */
  constructor(guest: GuestModule, { records = false, ...options }: RecordingOptions) {
    const streams = records === false
      ? undefined
      : new RecordStreams({ name: guest.name, maxBytes: roomOf(records === true ? {} : records) });
    super(guest, {
      ...options,
      ...(streams === undefined ? {} : {
        records: {
          module: new URL("./guest_records.ts", import.meta.url),
          receive: (message, release) => receiveRecords(streams, message as RecordMessage, release),
        },
      }),
    });
    this.#name = guest.name;
    this.#streams = streams;
    void this.exited.then((exit) => streams?.end(exit.kind === "failed" ? exit.error : undefined));
  }

  #wanted(): RecordStreams {
    if (this.#streams !== undefined) return this.#streams;
    throw new HostError(`Cannot read records of ${this.#name}: it was spawned without them`, {
      code: "NO_RECORDS",
      hint: "pass records: true to spawn()",
    });
  }

  /**
   * Iterates over values of the records of a source; see {@linkcode RecordSources}.
   *
   * @throws {HostError} `NO_RECORDS` if it was spawned without `records`
   */
  records<T = unknown>(source: string, options: ReadOptions<T> = {}): RecordIterator<T> {
    return this.#wanted().records(source, options);
  }

  /**
   * Iterates over the records of a source as JSON shows them.
   *
   * @throws {HostError} `NO_RECORDS` if it was spawned without `records`
   */
  shownRecords(source: string, options: BatchOptions = {}): RecordIterator<DecodedRecord> {
    return this.#wanted().shown(source, options);
  }

  /**
   * Iterates over the batches of a source.
   *
   * @throws {HostError} `NO_RECORDS` if it was spawned without `records`
   */
  batches(source: string, options: BatchOptions = {}): RecordIterator<RecordBatch> {
    return this.#wanted().batches(source, options);
  }

  /** Sources that the guest has opened so far. */
  get sources(): SourceInfo[] {
    return this.#streams?.sources ?? [];
  }
}

/**
 * Runs a guest in a worker, like `spawn()` of the runtime, and takes its records if `records` is set:
 *
 * ```ts ignore
 * await using run = spawn(guest, { records: true });
 * for await (const event of run.records<Event>("events")) console.log(event.pid);
 * ```
 */
export function spawn(guest: GuestModule, options: RecordingOptions = {}): RecordingGuest {
  return new RecordingGuest(guest, options);
}

/**
 * Records of a guest that runs on the calling thread. Functions of `each()` get them while it runs;
 * iterators, which must be created before, get them afterwards: what is beyond `maxBytes` for one is
 * dropped and counted.
 *
 * ```ts ignore
 * const records = new KeptRecords();
 * records.each<Event>("events", (event) => console.log(event.pid));
 * runGuest(guest, { records });
 * ```
 */
export class KeptRecords implements RecordSources, GuestRecords {
  readonly #streams: RecordStreams;
  readonly #taker: GuestRecords;

  /**
   * Creates streams without sources.
   *
   * @param options.maxBytes bytes of records for one iterator; default: 64 MiB
   */
  constructor({ maxBytes = 64 << 20 }: Pick<RecordRoom, "maxBytes"> = {}) {
    const streams = new RecordStreams({ name: "the guest", maxBytes });
    this.#streams = streams;
    this.#taker = guestRecordsOf((message) => receiveRecords(streams, message, () => {}));
  }

  /** Starts a source; called by the runtime. */
  open(...args: Parameters<GuestRecords["open"]>): ReturnType<GuestRecords["open"]> {
    return this.#taker.open(...args);
  }

  /**
   * Calls a function with each value while the guest writes it. What it throws ends the guest, as for a
   * host function.
   */
  each<T>(source: string, call: (value: T) => void, options: ReadOptions<T> = {}): void {
    this.#streams.each(source, call, options);
  }

  /** Ends the iterators after what was kept, by an error if the run ended by one. */
  end(error?: Error): void {
    this.#streams.end(error);
  }

  /** Iterates over values; see {@linkcode RecordSources}. */
  records<T = unknown>(source: string, options: ReadOptions<T> = {}): RecordIterator<T> {
    return this.#streams.records(source, options);
  }

  /** Iterates over records as JSON shows them. */
  shownRecords(source: string, options: BatchOptions = {}): RecordIterator<DecodedRecord> {
    return this.#streams.shown(source, options);
  }

  /** Iterates over batches. */
  batches(source: string, options: BatchOptions = {}): RecordIterator<RecordBatch> {
    return this.#streams.batches(source, options);
  }

  /** Sources that the guest has opened. */
  get sources(): SourceInfo[] {
    return this.#streams.sources;
  }
}

/**
 * Runs a guest on the calling thread, like `runGuest()` of the runtime; records that are kept end with
 * the run.
 *
 * @returns the guest's exit code
 * @throws {HostError} as the runtime's does; `NO_SOURCE` for a function of `each()` whose source the
 *   guest does not have
 */
export function runGuest(guest: GuestModule, options: RunOptions = {}): number {
  const { records } = options;
  if (!(records instanceof KeptRecords)) return runInRuntime(guest, options);
  try {
    const code = runInRuntime(guest, options);
    records.end();
    return code;
  } catch (error) {
    records.end(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}
