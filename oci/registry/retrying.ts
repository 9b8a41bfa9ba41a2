/** Retries transient failures. */
import { RegistryError } from "../errors.ts";
import { attemptsFor, backoffMs, mayPass, pause, type Timing } from "./retry.ts";

/** Notice before a retry. */
export interface RetryNotice {
  /** Failure of the last attempt. */
  readonly error: RegistryError;
  /** Delay before the next attempt, in milliseconds. */
  readonly waitMs: number;
}

/** Options of {@linkcode retrying}. */
export interface RetryOptions {
  readonly timing: Timing;
  /** Time for all attempts, including delays; undefined bounds only their number. Milliseconds. */
  readonly totalMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onRetry?: ((notice: RetryNotice) => void) | undefined;
}

/**
 * Returns the result of `attempt`, with retries for transient failures.
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

/** Backoff: counts attempts and waits between them. */
export class Patience {
  readonly #options: RetryOptions;
  #attempt = 1;
  readonly #start = performance.now();

  constructor(options: RetryOptions) {
    this.#options = options;
  }

  /** Resets the count after progress. */
  reset(): void {
    this.#attempt = 1;
  }

  /**
   * Waits before the next attempt.
   *
   * @throws `error`, when it is not transient or no attempts are left
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

/** Returns the error with the requested delay, which is too long to wait. */
function tooLong(error: RegistryError, askedMs: number): RegistryError {
  const { message, code, hint, method, url, status, retryAfterMs, cause } = error;
  const wait = `; the registry requests a delay of ${Math.ceil(askedMs / 1000)} s`;
  const options = { code, hint, method, url, status, retryAfterMs, cause };
  return new RegistryError(message + wait, options);
}
