/** Records of a run on their way from its sources to iterators. */
import {
  countRecords,
  type DecodedRecord,
  decodeRecords,
  recordPlaces,
  type ValueReader,
  valueReader,
} from "../records/mod.ts";
import { hostClock } from "../runtime/everything.ts";
import { RecordIterator, type SharedBatch } from "./record_iterator.ts";
import { noSource, type RecordBatch, type SourceFacts, type SourceInfo } from "./sources.ts";

/** Options of an iterator over batches. */
export interface BatchOptions {
  /** Ends the iteration: `next()` rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * True to wait for a source that the guest opens after it has written its first record; default:
   * then a name that is not known is an error.
   */
  readonly wait?: boolean;
}

/** Options of an iterator over records. */
export interface ReadOptions<T> extends BatchOptions {
  /** Reader that `gen typescript` wrote; default: one that returns the same values. */
  readonly read?: ValueReader<T>;
}

/** Options of the streams of a run. */
export interface StreamOptions {
  /** Name of the run, for errors. */
  readonly name: string;
  /**
   * Most bytes of records that wait for one iterator: further ones are dropped and counted. Undefined:
   * the run waits for the slowest iterator instead.
   */
  readonly maxBytes: number | undefined;
}

interface Channel {
  readonly name: string;
  facts: SourceFacts | undefined;
  /** Iterators, each with its option `wait`. */
  readonly iterators: Map<Offered, boolean>;
  records: number;
  dropped: number;
}

/** Members of an iterator that do not depend on its type. */
type Offered = Pick<RecordIterator<unknown>, "offer" | "end" | "fail">;

/** Streams of one run. */
export class RecordStreams {
  readonly #options: StreamOptions;
  readonly #channels = new Map<string, Channel>();
  readonly #opened = new Map<number, SourceFacts>();
  /** Names of sources that are not opened yet. */
  readonly #expected = new Set<string>();
  #isComplete = false;
  #isEnded = false;

  /** Creates streams without sources. */
  constructor(options: StreamOptions) {
    this.#options = options;
  }

  /** Sources that were opened. */
  get sources(): SourceInfo[] {
    return [...this.#channels.values()].flatMap(({ facts, records, dropped }) =>
      facts === undefined
        ? []
        : [{ name: facts.name, kind: facts.kind, schema: facts.schema, records, dropped }]
    );
  }

  /** Iterates over values of the records of a source; several iterators each get all of them. */
  records<T>(source: string, options: ReadOptions<T> = {}): RecordIterator<T> {
    const readers = new Readers(options.read);
    return this.#iterate(source, options, (batch) => valuesOf<T>(batch, readers.of(batch)));
  }

  /** Iterates over the records of a source as JSON shows them: with names, addresses and times. */
  shown(source: string, options: BatchOptions = {}): RecordIterator<DecodedRecord> {
    return this.#iterate(source, options, (batch) => shownOf(batch));
  }

  /** Calls a function with each value, while the run writes it; what it throws ends the run. */
  each<T>(source: string, call: (value: T) => void, options: ReadOptions<T> = {}): void {
    const readers = new Readers(options.read);
    const offer = ({ batch, release }: SharedBatch) => {
      try {
        for (const value of valuesOf<T>(batch, readers.of(batch))) call(value);
      } finally {
        release();
      }
      return true;
    };
    const fail = (reason: unknown) => {
      // A guest that only prints its help opens none.
      if (this.#opened.size > 0) throw reason;
    };
    const iterator = { offer, end: () => {}, fail };
    this.#channel(source).iterators.set(iterator, options.wait === true);
  }

  /** Iterates over batches of a source as they come. */
  batches(source: string, options: BatchOptions = {}): RecordIterator<RecordBatch> {
    return this.#iterate(source, options, (batch) => [batch].values());
  }

  #iterate<T>(
    source: string,
    { signal, wait = false }: BatchOptions,
    itemsOf: (batch: RecordBatch) => Iterator<T, void>,
  ): RecordIterator<T> {
    const channel = this.#channel(source);
    const iterator: RecordIterator<T> = new RecordIterator<T>({
      itemsOf,
      maxBytes: this.#options.maxBytes ?? Infinity,
      signal,
      onClose: () => channel.iterators.delete(iterator),
    });
    channel.iterators.set(iterator, wait);
    if (signal?.aborted) iterator.fail(signal.reason);
    if (this.#isComplete || (this.#isEnded && channel.facts === undefined)) this.#checkNames();
    if (this.#isEnded) iterator.end();
    return iterator;
  }

  #channel(name: string): Channel {
    const known = this.#channels.get(name);
    if (known !== undefined) return known;
    const channel = {
      name,
      facts: undefined,
      iterators: new Map<Offered, boolean>(),
      records: 0,
      dropped: 0,
    };
    this.#channels.set(name, channel);
    return channel;
  }

  /** Adds a source. */
  open(id: number, facts: SourceFacts): void {
    this.#opened.set(id, facts);
    this.#channel(facts.name).facts ??= facts;
  }

  /** Takes a batch of a source; `release` is called when no iterator needs its bytes any more. */
  push(id: number, bytes: Uint8Array, interval: number, release: () => void): void {
    const facts = this.#opened.get(id);
    if (facts === undefined || this.#isEnded) return release();
    if (!this.#isComplete) this.complete();
    const channel = this.#channel(facts.name);
    const records = countRecords(bytes, facts.framing, facts.schema.size);
    channel.records += records;
    const takers = [...channel.iterators.keys()];
    if (takers.length === 0) {
      channel.dropped += records;
      return release();
    }
    const isBounded = this.#options.maxBytes !== undefined;
    if (isBounded) release();
    let left = takers.length;
    const shared: SharedBatch = {
      batch: { ...facts, bytes, interval },
      records,
      release: () => {
        left -= 1;
        if (left === 0 && !isBounded) release();
      },
    };
    let isDropped = false;
    for (const iterator of takers) isDropped = !iterator.offer(shared) || isDropped;
    if (isDropped) channel.dropped += records;
  }

  /** All sources are opened, except those of these names: other names are errors. */
  complete(expected: readonly string[] = []): void {
    for (const name of expected) this.#expected.add(name);
    this.#isComplete = true;
    this.#checkNames();
  }

  /** Ends the iterators after what they have, by an error if the run ended by one. */
  end(error?: Error): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    if (error === undefined) this.#checkNames();
    for (const { iterators } of this.#channels.values()) {
      for (const iterator of [...iterators.keys()]) iterator.end(error);
    }
  }

  #checkNames(): void {
    const known = [...new Set([...this.sources.map(({ name }) => name), ...this.#expected])];
    for (const { name, facts, iterators } of [...this.#channels.values()]) {
      if (facts !== undefined || this.#expected.has(name)) continue;
      for (const [iterator, wait] of [...iterators]) {
        if (!wait || this.#isEnded) iterator.fail(noSource(this.#options.name, name, known));
      }
    }
  }
}

/** Readers of the sources of one iterator, each made once. */
class Readers<T> {
  readonly #given: ValueReader<T> | undefined;
  readonly #made = new WeakMap<object, ValueReader<T>>();

  constructor(given: ValueReader<T> | undefined) {
    this.#given = given;
  }

  of({ plan }: RecordBatch): ValueReader<T> | undefined {
    if (this.#given !== undefined || plan === undefined) return this.#given;
    const reader = this.#made.get(plan) ?? valueReader<T>(plan);
    this.#made.set(plan, reader);
    return reader;
  }
}

const decoder = new TextDecoder();

function shownOf(batch: RecordBatch): Iterator<DecodedRecord, void> {
  if (batch.plan === undefined) return valuesOf<DecodedRecord>(batch, undefined);
  const { schema, bytes, framing } = batch;
  return decodeRecords(schema, bytes, { framing, clock: hostClock() });
}

function* valuesOf<T>(
  { kind, bytes, framing, schema, plan }: RecordBatch,
  read: ValueReader<T> | undefined,
): Generator<T, void> {
  // Plans leave flexible arrays out.
  const isStruct = schema.tail !== undefined && plan?.kind === "record";
  const fixed = isStruct ? plan.bytes : schema.size;
  const sizes = { size: plan === undefined ? 0 : fixed };
  for (const { view, at, size } of recordPlaces(bytes, framing, sizes)) {
    if (read !== undefined) {
      yield read(view, at);
      continue;
    }
    const copy = new Uint8Array(view.buffer, view.byteOffset + at, size).slice();
    const value = kind === "text" ? { text: decoder.decode(copy) } : { bytes: copy };
    yield value as T;
  }
}
