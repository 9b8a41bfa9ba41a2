/** Ctrl-C during work of our own, as opposed to a guest's run. */

const SIGNALS = [["SIGINT", 2], ["SIGTERM", 15], ["SIGHUP", 1]] as const;

/** So long the work may take to clean up; what waits for another process's lock cannot be called off. */
const GRACE_MS = 1000;

/**
 * Does some work that a signal calls off: the work cleans up after itself, and the exit code is as if
 * the signal had ended the process. A second signal ends it at once.
 *
 * @param work is given a signal to pass on; what it throws then is not shown
 * @returns what the work returns, or the signal's exit code
 */
export async function interruptibly<T>(
  work: (signal: AbortSignal) => Promise<T>,
): Promise<{ value: T } | { exitCode: number }> {
  const controller = new AbortController();
  const { signal } = controller;
  let exitCode = 0;
  let timer: number | undefined;
  const listeners = SIGNALS.map(([name, number]) => {
    const listener = () => {
      if (signal.aborted) Deno.exit(128 + number);
      exitCode = 128 + number;
      timer = setTimeout(() => Deno.exit(exitCode), GRACE_MS);
      controller.abort(new DOMException(`ended by ${name}`, "AbortError"));
    };
    Deno.addSignalListener(name, listener);
    return { name, listener };
  });
  try {
    const value = await work(signal);
    return signal.aborted ? { exitCode } : { value };
  } catch (error) {
    if (signal.aborted) return { exitCode };
    throw error;
  } finally {
    clearTimeout(timer);
    for (const { name, listener } of listeners) Deno.removeSignalListener(name, listener);
  }
}
