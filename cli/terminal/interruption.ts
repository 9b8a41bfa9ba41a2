/** Ctrl-C during commands of wasm-bpf, as opposed to a guest's run. */
import { parseDuration } from "./duration.ts";
import { printError, visibleLine } from "./output.ts";

const SIGNALS = [["SIGINT", 2], ["SIGTERM", 15], ["SIGHUP", 1]] as const;

/** Time to clean up; waiting for another process's lock cannot be cancelled. */
const GRACE_MS = 1000;

/** Exit code of a run whose time is over. */
const EXIT_TIMED_OUT = 124;

/** Timers take no longer times; this one is 24 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Time limit of some work. */
export interface TimeLimit {
  readonly ms: number;
  /** Called when the time is over, to report it. */
  exceeded(): void;
}

/**
 * Returns the limit of `--timeout` for getting a module; undefined without the option. The module itself
 * has as much once more.
 *
 * @throws {UsageError} for an invalid duration
 */
export function fetchLimit(timeout: string | undefined, name: string): TimeLimit | undefined {
  return timeout === undefined ? undefined : {
    ms: parseDuration(timeout, "--timeout"),
    exceeded: () =>
      printError(visibleLine(`error: Cannot get ${name} within --timeout ${timeout}`)),
  };
}

/**
 * Runs work that a signal cancels: the work cleans up, and the exit code is as if the signal had ended
 * the process. A second signal ends it at once.
 *
 * @param work receives a signal to pass on; its errors after cancellation are not shown
 * @param limit cancels the work as well, with exit code 124
 * @returns what the work returns, or the signal's exit code
 */
export async function interruptibly<T>(
  work: (signal: AbortSignal) => Promise<T>,
  limit?: TimeLimit,
): Promise<{ value: T } | { exitCode: number }> {
  const controller = new AbortController();
  const { signal } = controller;
  let exitCode = 0;
  let timer: number | undefined;
  const cancel = (code: number, reason: string) => {
    exitCode = code;
    timer = setTimeout(() => Deno.exit(code), GRACE_MS);
    controller.abort(new DOMException(reason, "AbortError"));
  };
  const deadline = limit === undefined ? undefined : setTimeout(() => {
    if (signal.aborted) return;
    limit.exceeded();
    cancel(EXIT_TIMED_OUT, "out of time");
  }, Math.min(limit.ms, LONGEST_TIMER_MS));
  const listeners = SIGNALS.map(([name, number]) => {
    const listener = () => {
      if (signal.aborted) Deno.exit(128 + number);
      cancel(128 + number, `ended by ${name}`);
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
    clearTimeout(deadline);
    for (const { name, listener } of listeners) Deno.removeSignalListener(name, listener);
  }
}
