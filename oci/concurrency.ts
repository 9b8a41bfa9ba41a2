/** Bounded concurrency. */

/**
 * Runs `work` for each item, at most `limit` at the same time, in order.
 *
 * The first failure aborts the signal of the others, and is thrown after all have ended: no work goes on
 * in the background.
 */
export async function eachBounded<T>(
  items: Iterable<T>,
  options: { limit: number; signal?: AbortSignal | undefined },
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const given = options.signal;
  const signal = given === undefined ? failed.signal : AbortSignal.any([given, failed.signal]);
  const failures: unknown[] = [];
  const iterator = items[Symbol.iterator]();
  const worker = async () => {
    while (!signal.aborted) {
      const { value, done } = iterator.next();
      if (done) return;
      try {
        await work(value, signal);
      } catch (error) {
        failures.push(error);
        failed.abort(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, options.limit) }, worker));
  given?.throwIfAborted();
  if (failures.length > 0) throw failures[0];
}
