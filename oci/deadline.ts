/** Bounds on the time that something may take as a whole, however busy it looks. */
import { HostError } from "./errors.ts";

/** Reason of a {@linkcode Deadline}'s signal. Code: `TOO_SLOW`. */
export class TooSlow extends HostError {
  /** The class's name. */
  override name = "TooSlow";
  /** Time that was given. Milliseconds. */
  readonly ms: number;

  /** An error about `what`, which completes "Cannot …". */
  constructor(what: string, ms: number) {
    super(`Cannot ${what}: it took more than ${ms / 1000} s`, {
      code: "TOO_SLOW",
      hint: "check the network and the registry",
    });
    this.ms = ms;
  }
}

/** Signal that aborts with the caller's reason, or with {@linkcode TooSlow} when the time is over. */
export class Deadline implements Disposable {
  /** Goes on forwarding the caller's abort after {@linkcode stop}. */
  readonly signal: AbortSignal;
  readonly #timer: number;

  /**
   * Starts the clock.
   *
   * @param options.what completes "Cannot …"
   * @param options.ms time for all of it
   * @param options.signal the caller's
   */
  constructor(options: { what: string; ms: number; signal?: AbortSignal | undefined }) {
    const { what, ms, signal } = options;
    const late = new AbortController();
    this.signal = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
    this.#timer = setTimeout(() => late.abort(new TooSlow(what, ms)), ms);
  }

  /** Stops the clock: what was waited for is there. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  /** The same as {@linkcode stop}. */
  [Symbol.dispose](): void {
    this.stop();
  }
}
