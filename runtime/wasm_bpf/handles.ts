/** Small integers for host things that a guest may name, and only those. */

/** A power of two: slots for handles that are in use at a time. */
const RECENT = 64;

/**
 * Numbers from 1, or another start, upward, each given out once: one that was released, or made up, is found as
 * `undefined`.
 */
export class Handles<T> {
  readonly #entries = new Map<number, T>();
  #last: number;
  /** The handles found last, by their lower bits, and their entries: an array is faster than a map. */
  readonly #recent = new Array<number>(RECENT).fill(0);
  readonly #recentEntries = new Array<T | undefined>(RECENT).fill(undefined);

  constructor(first = 1) {
    this.#last = first - 1;
  }

  add(entry: T): number {
    this.#last += 1;
    this.#entries.set(this.#last, entry);
    return this.#last;
  }

  /** Returns what {@linkcode get} does, for a handle that is a number. */
  find(handle: number): T | undefined {
    const slot = handle & (RECENT - 1);
    if (this.#recent[slot] === handle && handle !== 0) return this.#recentEntries[slot];
    const entry = this.#entries.get(handle);
    if (entry !== undefined) {
      this.#recent[slot] = handle;
      this.#recentEntries[slot] = entry;
    }
    return entry;
  }

  /** @param handle as it comes from the guest: an `i32`, or an `i64` as a bigint */
  get(handle: number | bigint): T | undefined {
    return this.#entries.get(Number(handle));
  }

  remove(handle: number | bigint): T | undefined {
    const entry = this.get(handle);
    this.#entries.delete(Number(handle));
    this.#forget();
    return entry;
  }

  /** Removes the entries that `matches` is true of, and gives them. */
  removeWhere(matches: (entry: T) => boolean): T[] {
    const removed = [...this.#entries].filter(([, entry]) => matches(entry));
    for (const [handle] of removed) this.#entries.delete(handle);
    this.#forget();
    return removed.map(([, entry]) => entry);
  }

  values(): IterableIterator<T> {
    return this.#entries.values();
  }

  /** Every handle is stale from now on. */
  clear(): void {
    this.#entries.clear();
    this.#forget();
  }

  #forget(): void {
    this.#recent.fill(0);
    this.#recentEntries.fill(undefined);
  }

  get size(): number {
    return this.#entries.size;
  }
}
