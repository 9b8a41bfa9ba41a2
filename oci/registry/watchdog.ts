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
  readonly #onAbort = () => this.#controller.abort(this.#outer?.reason);
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
    this.#timer = setTimeout(() => this.#controller.abort(new Idle(ms)), ms);
  }

  /** Stops the timer while another component works: a slow disk is not a dead network. */
  rest(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Aborts the request, if it is still active. */
  abort(): void {
    this.#controller.abort();
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.rest();
    this.#outer?.removeEventListener("abort", this.#onAbort);
  }
}
