/** Minimum rate of a body. */
import type { Timing } from "./retry.ts";

/** Counts bytes per time spent waiting for the network; the time of a slow reader does not count. */
export class Rate {
  readonly #timing: Pick<Timing, "rateWindowMs" | "leastBytesPerSecond">;
  #waitedMs = 0;
  #bytes = 0;

  constructor(timing: Pick<Timing, "rateWindowMs" | "leastBytesPerSecond">) {
    this.#timing = timing;
  }

  /**
   * Counts received bytes.
   *
   * @returns false when a whole window was below the minimum rate
   */
  add(bytes: number, waitedMs: number): boolean {
    const { rateWindowMs, leastBytesPerSecond } = this.#timing;
    this.#bytes += bytes;
    this.#waitedMs += waitedMs;
    if (this.#waitedMs < rateWindowMs) return true;
    const isEnough = this.#bytes >= leastBytesPerSecond * this.#waitedMs / 1000;
    this.#bytes = 0;
    this.#waitedMs = 0;
    return isEnough;
  }
}
