/** Iterators over records: each has a queue of batches, which it shares with others. */
import type { RecordBatch } from "./sources.ts";

/** Batch in the queues of several iterators; the last one releases it. */
export interface SharedBatch {
  readonly batch: RecordBatch;
  readonly records: number;
  readonly release: () => void;
}

/** Connection of an iterator with its source. */
export interface IteratorParts<T> {
  /** Turns a batch into items. */
  readonly itemsOf: (batch: RecordBatch) => Iterator<T, void>;
  /** Most bytes that wait; further records are dropped and counted. */
  readonly maxBytes: number;
  /** Called once, when the iterator takes no more. */
  readonly onClose: () => void;
  /** Ends the iteration with its reason. */
  readonly signal: AbortSignal | undefined;
}

interface Waiter<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Iterates over the records of one source, or their batches. `for await` ends it with `break`; so do
 * `return()` and `await using`.
 */
export class RecordIterator<T> implements AsyncIterableIterator<T, undefined>, AsyncDisposable {
  readonly #parts: IteratorParts<T>;
  readonly #queue: SharedBatch[] = [];
  readonly #waiters: Waiter<T>[] = [];
  readonly #abort = () => this.fail(this.#parts.signal?.reason);
  #current: { readonly items: Iterator<T, void>; readonly shared: SharedBatch } | undefined;
  #bytes = 0;
  #dropped = 0;
  #isEnding = false;
  #isClosed = false;
  #error: { readonly reason: unknown } | undefined;

  /** @internal Made by `records()` and `batches()`. */
  constructor(parts: IteratorParts<T>) {
    this.#parts = parts;
    parts.signal?.addEventListener("abort", this.#abort);
  }

  /** Records that were dropped since this iterator did not take them in time; 0 where the run waits. */
  get dropped(): number {
    return this.#dropped;
  }

  /** @internal Adds a batch; false if it was dropped. */
  offer(shared: SharedBatch): boolean {
    const { length } = shared.batch.bytes;
    if (this.#bytes > 0 && this.#bytes + length > this.#parts.maxBytes) {
      this.#dropped += shared.records;
      return false;
    }
    this.#bytes += length;
    this.#queue.push(shared);
    this.#serve();
    return true;
  }

  /** @internal Ends it after what it has; with an error, by that. */
  end(error?: unknown): void {
    if (this.#isClosed) return;
    this.#isEnding = true;
    if (error !== undefined) this.#error ??= { reason: error };
    this.#serve();
  }

  /** @internal Ends it at once. */
  fail(reason: unknown): void {
    if (this.#isClosed) return;
    this.#error = { reason };
    this.#close();
    this.#serve();
  }

  /** Returns the next item, when there is one. */
  next(): Promise<IteratorResult<T, undefined>> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#serve();
    });
  }

  /** Ends the iteration: what waits is given back, and the run goes on. */
  return(): Promise<IteratorResult<T, undefined>> {
    this.#error = undefined;
    this.#close();
    this.#serve();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Returns itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Ends the iteration. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** Answers calls of `next()` in their order, as far as there is something. */
  #serve(): void {
    for (let waiter = this.#waiters[0]; waiter !== undefined; waiter = this.#waiters[0]) {
      const result = this.#take();
      if (result === undefined) return;
      this.#waiters.shift();
      if ("reason" in result) waiter.reject(result.reason);
      else waiter.resolve(result);
    }
  }

  /** Returns the next item, the end, or an error; undefined if it has to be waited for. */
  #take(): IteratorResult<T, undefined> | { reason: unknown } | undefined {
    try {
      for (;;) {
        const next = this.#current?.items.next();
        if (next !== undefined && next.done !== true) return next;
        this.#release();
        const shared = this.#queue.shift();
        if (shared === undefined) break;
        this.#current = { items: this.#parts.itemsOf(shared.batch), shared };
      }
    } catch (reason) {
      this.#error = { reason };
      this.#isEnding = true;
    }
    if (!this.#isEnding && !this.#isClosed) return undefined;
    this.#close();
    const error = this.#error;
    this.#error = undefined;
    return error ?? { done: true, value: undefined };
  }

  /** Gives the batch back whose last item was taken. */
  #release(): void {
    if (this.#current === undefined) return;
    const { shared } = this.#current;
    this.#current = undefined;
    this.#bytes -= shared.batch.bytes.length;
    shared.release();
  }

  #close(): void {
    this.#release();
    for (const shared of this.#queue.splice(0)) shared.release();
    this.#bytes = 0;
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#parts.signal?.removeEventListener("abort", this.#abort);
    this.#parts.onClose();
  }
}
