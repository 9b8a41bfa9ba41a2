/**
 * Starts of workers, one after another. Deno makes a worker on the thread that asks for it, which takes
 * tens of milliseconds: in a queue, callers go on meanwhile, and the first guests run while the last
 * ones are made.
 */

/** Gives a place back; again does nothing. */
export type Release = () => void;

/** Runs starts in their order, at most a number of them at a time. */
export class StartQueue {
  readonly #limit: number;
  readonly #waiting: ((release: Release) => void)[] = [];
  #running = 0;
  #timer: number | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Calls `start` when it is its turn, after the caller's own code; the place is taken until it is
   * released.
   *
   * @returns takes the start out of the queue, if it has not begun
   */
  add(start: (release: Release) => void): () => void {
    this.#waiting.push(start);
    this.#arm();
    return () => {
      const at = this.#waiting.indexOf(start);
      if (at >= 0) this.#waiting.splice(at, 1);
      if (this.#waiting.length === 0) this.#disarm();
    };
  }

  /** A timer between two starts lets messages of running guests through. */
  #arm(): void {
    if (this.#timer !== undefined || this.#waiting.length === 0) return;
    if (this.#running < this.#limit) this.#timer = setTimeout(() => this.#next(), 0);
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #next(): void {
    this.#timer = undefined;
    const start = this.#waiting.shift();
    if (start === undefined) return;
    this.#running += 1;
    let isHeld = true;
    const release = () => {
      if (!isHeld) return;
      isHeld = false;
      this.#running -= 1;
      this.#arm();
    };
    this.#arm();
    start(release);
  }
}
