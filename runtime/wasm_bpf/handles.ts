/** Small integers for host things that a guest may name, and only those. */

/**
 * Numbers from 1, or another start, upward, each given out once: one that was released, or made up, is found as
 * `undefined`.
 */
export class Handles<T> {
  readonly #entries = new Map<number, T>();
  #last: number;

  constructor(first = 1) {
    this.#last = first - 1;
  }

  add(entry: T): number {
    this.#last += 1;
    this.#entries.set(this.#last, entry);
    return this.#last;
  }

  /** @param handle as it comes from the guest: an `i32`, or an `i64` as a bigint */
  get(handle: number | bigint): T | undefined {
    return this.#entries.get(Number(handle));
  }

  remove(handle: number | bigint): T | undefined {
    const entry = this.get(handle);
    this.#entries.delete(Number(handle));
    return entry;
  }

  /** Removes the entries that `matches` is true of, and gives them. */
  removeWhere(matches: (entry: T) => boolean): T[] {
    const removed = [...this.#entries].filter(([, entry]) => matches(entry));
    for (const [handle] of removed) this.#entries.delete(handle);
    return removed.map(([, entry]) => entry);
  }

  values(): IterableIterator<T> {
    return this.#entries.values();
  }

  /** Every handle is stale from now on. */
  clear(): void {
    this.#entries.clear();
  }

  get size(): number {
    return this.#entries.size;
  }
}
