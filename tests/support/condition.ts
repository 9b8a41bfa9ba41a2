/** Waiting for something to become true, with a bound. */

/**
 * Polls until the condition is true; fails after `timeoutMs`. The bound is long, since what takes
 * milliseconds has taken 15 s on a machine with forty runnable threads.
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits until a value has stayed the same for `quietMs`; fails when that takes 90 s. */
export async function untilSettled<T>(
  what: string,
  read: () => T | Promise<T>,
  quietMs = 100,
): Promise<T> {
  let last = await read();
  let since = Date.now();
  await until(what, async () => {
    const now = await read();
    if (!Object.is(now, last)) [last, since] = [now, Date.now()];
    return Date.now() - since >= quietMs;
  }, 90_000);
  return last;
}
