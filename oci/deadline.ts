/** Bounds on the total time of an operation. */
import { HostError } from "./errors.ts";
import { linkedSignal } from "./linked_signal.ts";

/** Reason of a {@linkcode Deadline}'s signal. Code: `TOO_SLOW`. */
export class TooSlow extends HostError {
  /** Name of the class. */
  override name = "TooSlow";
  /** Limit, in milliseconds. */
  readonly ms: number;

  /** Creates an error about `what`, which completes "Cannot …". */
  constructor(what: string, ms: number) {
    super(`Cannot ${what}: it took more than ${ms / 1000} s`, {
      code: "TOO_SLOW",
      hint: "check the network and the registry",
    });
    this.ms = ms;
  }
}

/** Signal that aborts with the caller's reason, or with {@linkcode TooSlow} after the time limit. */
export class Deadline implements Disposable {
  /** Signal to pass on. It still forwards the caller's abort after {@linkcode stop}. */
  readonly signal: AbortSignal;
  readonly #timer: number;

  /**
   * Starts the clock.
   *
   * @param options.what completes "Cannot …"
   * @param options.ms time limit
   * @param options.signal the caller's signal
   */
  constructor(options: { what: string; ms: number; signal?: AbortSignal | undefined }) {
    const { what, ms, signal } = options;
    const late = new AbortController();
    this.signal = linkedSignal(signal, late.signal);
    this.#timer = setTimeout(() => late.abort(new TooSlow(what, ms)), ms);
  }

  /** Stops the clock. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Calls {@linkcode stop}. */
  [Symbol.dispose](): void {
    this.stop();
  }
}
