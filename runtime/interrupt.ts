/** Ctrl-C, SIGTERM and time-outs: how a running guest is told to end. */
import { describeErrno, Interrupt, signals } from "../ffi/mod.ts";
import { HostError } from "../ffi/errors.ts";

/** How long a guest may still run after its time is over, before the process ends. */
export const TIMEOUT_GRACE_MS = 2000;

/**
 * Runs `work` with signals meant for the guest.
 *
 * The first SIGINT or SIGTERM, or the end of `timeoutMs`, makes the poll or sleep in progress, or else
 * the next one, return EINTR, so that the guest can finish. The second ends the process by that signal;
 * a guest still there {@linkcode TIMEOUT_GRACE_MS} after its time-out ends it with exit code 124.
 */
export function interruptible<T>(
  timeoutMs: number | undefined,
  work: (interrupt: Interrupt) => T,
): T {
  using interrupt = Interrupt.create();
  const installed = signals.install(interrupt);
  if (installed < 0) {
    throw new HostError(`Cannot handle signals: ${describeErrno(installed)}`, { code: "SIGNALS" });
  }
  try {
    if (timeoutMs !== undefined) signals.schedule(timeoutMs, TIMEOUT_GRACE_MS);
    return work(interrupt);
  } finally {
    signals.uninstall();
  }
}
