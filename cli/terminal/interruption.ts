/** Ctrl-C during commands of wasm-bpf, as opposed to a guest's run. */

const SIGNALS = [["SIGINT", 2], ["SIGTERM", 15], ["SIGHUP", 1]] as const;

/** Time to clean up; waiting for another process's lock cannot be cancelled. */
const GRACE_MS = 1000;

/**
 * Runs work that a signal cancels: the work cleans up, and the exit code is as if the signal had ended
 * the process. A second signal ends it at once.
 *
 * @param work receives a signal to pass on; its errors after cancellation are not shown
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
