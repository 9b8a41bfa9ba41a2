/** One abort signal out of several. */

/**
 * Returns a signal that aborts with the first of `signals` that does, and with its reason.
 *
 * In place of `AbortSignal.any()`: Deno collects such a signal as garbage although it has listeners, and
 * the abort is lost. This one lives as long as one of `signals`.
 */
export function linkedSignal(...signals: (AbortSignal | undefined)[]): AbortSignal {
  const controller = new AbortController();
  for (const signal of signals) {
    if (signal?.aborted) controller.abort(signal.reason);
    signal?.addEventListener("abort", () => controller.abort(signal.reason), {
      once: true,
      // Once one has aborted, nothing is left on the others, which may live much longer.
      signal: controller.signal,
    });
  }
  return controller.signal;
}
