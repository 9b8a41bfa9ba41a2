/** Aborts a request when it is idle, or when the caller aborts. */

/** Reason of an abort after the idle time. */
export class Idle extends Error {
  /** Idle time, in milliseconds. */
  readonly ms: number;

  constructor(ms: number) {
    super(`no byte for ${ms} ms`);
    this.ms = ms;
  }
}

/** Signal of one request: the caller's, and an idle timer that runs only during network waits. */
export class Watchdog implements Disposable {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #onAbort = () => this.#end(this.#outer?.reason);
  #reject: ((reason: unknown) => void) | undefined;
  #timer: number | undefined;

  /** @throws the reason of `outer` when it is already aborted */
  constructor(outer: AbortSignal | undefined) {
    outer?.throwIfAborted();
    this.#outer = outer;
    outer?.addEventListener("abort", this.#onAbort);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Starts the timer: the network must respond within `ms`. */
  watch(ms: number): void {
    this.rest();
    this.#timer = setTimeout(() => this.#end(new Idle(ms)), ms);
  }

  /**
   * Returns the result of a network wait, or throws the reason of an abort, whatever the wait does
   * then: Deno's `fetch` may lose the abort of a body when garbage is collected. One wait at a time.
   */
  async guard<T>(wait: Promise<T>): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>();
    this.#reject = reject;
    if (this.signal.aborted) reject(this.signal.reason);
    try {
      return await Promise.race([wait, promise]);
    } finally {
      this.#reject = undefined;
    }
  }

  /** Stops the timer while another component works: a slow disk is not a dead network. */
  rest(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Aborts the request, if it is still active. */
  abort(): void {
    this.#end(undefined);
    this[Symbol.dispose]();
  }

  #end(reason: unknown): void {
    this.#controller.abort(reason);
    this.#reject?.(this.signal.reason);
  }

  [Symbol.dispose](): void {
    this.rest();
    this.#outer?.removeEventListener("abort", this.#onAbort);
  }
}
