/** Tries again what may pass. */
import { RegistryError } from "../errors.ts";
import { attemptsFor, backoffMs, mayPass, pause, type Timing } from "./retry.ts";

/** Told before a wait. */
export interface RetryNotice {
  /** What failed. */
  readonly error: RegistryError;
  /** Milliseconds until the next attempt. */
  readonly waitMs: number;
}

/** How {@linkcode retrying} goes about it. */
export interface RetryOptions {
  readonly timing: Timing;
  /** Time for all attempts, waits included; without it, only their number is bounded. Milliseconds. */
  readonly totalMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onRetry?: ((notice: RetryNotice) => void) | undefined;
}

/**
 * The answer of `attempt`, which is tried again while it fails in a way that may pass.
 *
 * @throws what the last attempt threw, or the signal's reason
 */
export async function retrying<T>(options: RetryOptions, attempt: () => Promise<T>): Promise<T> {
  const patience = new Patience(options);
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      await patience.wait(error);
    }
  }
}

/** Counts attempts, and waits between them. */
export class Patience {
  readonly #options: RetryOptions;
  #attempt = 1;
  readonly #start = performance.now();

  constructor(options: RetryOptions) {
    this.#options = options;
  }

  /** Something got through: the count starts again. */
  reset(): void {
    this.#attempt = 1;
  }

  /**
   * Waits before the next attempt.
   *
   * @throws `error`, when another attempt would not help or there were enough
   */
  async wait(error: unknown): Promise<void> {
    const { timing, totalMs, signal, onRetry } = this.#options;
    signal?.throwIfAborted();
    if (!(error instanceof RegistryError) || !mayPass(error)) throw error;
    if (++this.#attempt > attemptsFor(error, timing)) throw error;
    const asked = error.retryAfterMs ?? 0;
    if (asked > timing.longestWaitMs) throw tooLong(error, asked);
    const waitMs = Math.max(asked, backoffMs(this.#attempt, timing));
    if (performance.now() - this.#start + waitMs > (totalMs ?? Infinity)) throw error;
    onRetry?.({ error, waitMs });
    await pause(waitMs, signal);
  }
}

/** The error, with what would be too long to wait for. */
function tooLong(error: RegistryError, askedMs: number): RegistryError {
  const { message, code, hint, method, url, status, retryAfterMs, cause } = error;
  const wait = `, and not to be asked again for ${Math.ceil(askedMs / 1000)} s`;
  const options = { code, hint, method, url, status, retryAfterMs, cause };
  return new RegistryError(message + wait, options);
}
