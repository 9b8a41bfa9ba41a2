/** Ctrl-C, SIGTERM and time-outs: requests to a running guest to end. */
import { describeErrno, Interrupt, signals } from "../ffi/mod.ts";
import { HostError } from "../ffi/errors.ts";

/** Grace period after a time-out; the process ends when it is over. */
export const TIMEOUT_GRACE_MS = 2000;

const SIGINT = 2;
const SIGTERM = 15;

/** Signals that reach the guest in addition to SIGINT and SIGTERM. */
export interface SignalOptions {
  /** When the guest's time is over; default: never. */
  timeoutMs?: number | undefined;
  /** Time to finish after that, in milliseconds; default: {@linkcode TIMEOUT_GRACE_MS}. */
  graceMs?: number;
  /** True if SIGUSR1 asks for the guest's statistics. */
  attendUsr1?: boolean;
  /**
   * True if the process ends by the signal that its guest took no notice of, once everything is
   * released: for a shell or a supervisor that looks at how it ended. Default: no.
   */
  endsBySignal?: boolean;
}

/** Reports whether the last {@linkcode interruptible} work had a load cut short by the end of its time. */
export function wasLoadCut(): boolean {
  return signals.wasLoadCut();
}

/**
 * Runs `work` with signals meant for the guest.
 *
 * The first SIGINT or SIGTERM, or the end of `timeoutMs`, makes the poll or sleep in progress, or else
 * the next one, return EINTR, so that the guest can finish. One that takes no notice is ended, with
 * exit code 130, 143 or 124: when it waits for the third time since, or in one wait until 2 s later.
 * One that computes or writes goes on. The second signal ends the process by that signal; a guest still
 * there `graceMs` after its time-out ends it with exit code 124.
 */
export function interruptible<T>(
  { timeoutMs, graceMs = TIMEOUT_GRACE_MS, attendUsr1 = false, endsBySignal = false }:
    SignalOptions,
  work: (interrupt: Interrupt) => T,
): T {
  using interrupt = Interrupt.create();
  const installed = signals.install(interrupt);
  if (installed < 0) {
    throw new HostError(`Cannot handle signals: ${describeErrno(installed)}`, { code: "SIGNALS" });
  }
  try {
    if (attendUsr1) signals.attendUsr1();
    if (timeoutMs !== undefined) signals.schedule(timeoutMs, graceMs);
    return work(interrupt);
  } finally {
    const signal = interrupt.ignoredSignal;
    signals.uninstall();
    if (endsBySignal && (signal === SIGINT || signal === SIGTERM)) signals.endBy(signal);
  }
}
