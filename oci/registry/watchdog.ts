/** Gives a request up when nothing moves, or when the caller says so. */

/** What a request is aborted with when the time is over. */
export class Idle extends Error {
  /** How long nothing moved. */
  readonly ms: number;

  constructor(ms: number) {
    super(`no byte for ${ms} ms`);
    this.ms = ms;
  }
}

/** One request's signal: the caller's, and a timer that runs only while the network is waited for. */
export class Watchdog implements Disposable {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #onAbort = () => this.#controller.abort(this.#outer?.reason);
  #timer: number | undefined;

  /** @throws the reason of `outer` when that is given already */
  constructor(outer: AbortSignal | undefined) {
    outer?.throwIfAborted();
    this.#outer = outer;
    outer?.addEventListener("abort", this.#onAbort);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** From now on the network is waited for, for `ms` at most. */
  watch(ms: number): void {
    this.rest();
    this.#timer = setTimeout(() => this.#controller.abort(new Idle(ms)), ms);
  }

  /** It is somebody else's turn: a slow disk is no dead network. */
  rest(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Ends the request, if it still goes on. */
  abort(): void {
    this.#controller.abort();
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.rest();
    this.#outer?.removeEventListener("abort", this.#onAbort);
  }
}
