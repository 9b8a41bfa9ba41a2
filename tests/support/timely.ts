/** Promises of time, on machines that others use as well. */
import assert from "node:assert/strict";

const ATTEMPTS = 10;

/** Time in which a machine that is held up has quiet moments. */
const PATIENCE_MS = 60_000;

/**
 * Fails unless one attempt takes less than `maxMs`, of ten and of all in a minute: a machine that is held
 * up for a while does not keep a promise from being seen; one that is never kept is.
 *
 * @param attempt does it, with every other assertion, and gives the milliseconds that it took
 */
export async function assertTimely(
  maxMs: number,
  attempt: () => number | Promise<number>,
): Promise<void> {
  const taken: number[] = [];
  const start = performance.now();
  while (taken.length < ATTEMPTS || performance.now() - start < PATIENCE_MS) {
    const ms = await attempt();
    if (ms < maxMs) return;
    taken.push(ms);
  }
  assert.fail(`took ${taken.map((ms) => ms.toFixed(1)).join(", ")} ms, and not less than ${maxMs}`);
}

/** Returns the milliseconds that some work takes. */
export async function elapsedMs(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Attempts that are made at least, until one succeeds. */
const LEAST_ATTEMPTS = 5;

/**
 * Runs an attempt until its assertions hold: five times, and for a minute; the last failure counts.
 *
 * For what a loaded machine may prevent, such as a reader that is as fast as a writer. What must never
 * happen is another error than an assertion, which counts at once.
 */
export async function withAttempts(attempt: () => Promise<void>): Promise<void> {
  const start = performance.now();
  for (let made = 1;; made++) {
    try {
      return await attempt();
    } catch (error) {
      const isOver = made >= LEAST_ATTEMPTS && performance.now() - start >= PATIENCE_MS;
      if (isOver || !(error instanceof assert.AssertionError)) throw error;
    }
  }
}

/**
 * Runs an attempt that depends on one switch of the scheduler, as `withAttempts` does: Linux 6.18 runs
 * no program at some switches, one of thousands, to a thread that wakes up, whatever the program is.
 */
export const withSwitches: (attempt: () => Promise<void>) => Promise<void> = withAttempts;

/** Runs an attempt with all times multiplied by 1, 4 and 16 until it succeeds; the last failure counts. */
export async function withScales(attempt: (scale: number) => Promise<void>): Promise<void> {
  for (const scale of [1, 4]) {
    try {
      return await attempt(scale);
    } catch {
      // The machine may have been too slow for these times.
    }
  }
  await attempt(16);
}

/**
 * Returns the milliseconds of processor time that some work takes on this thread: unlike the time on
 * the wall, it does not grow with what others do.
 */
export function cpuMs(work: () => unknown): number {
  const before = threadMs();
  work();
  return threadMs() - before;
}

function threadMs(): number {
  // Nanoseconds on a processor, and two more numbers.
  return Number(Deno.readTextFileSync("/proc/thread-self/schedstat").split(" ")[0]) / 1e6;
}
