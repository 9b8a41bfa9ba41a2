/** `proc_*` and `sched_yield`. */
import type { WasiContext, WasiFunctions } from "./context.ts";
import { wasiErrno } from "./errno.ts";

/** Numbers of `signal` in the specification. From `chld` on, Linux's are one more. */
const SIGNAL_CHLD = 16;
const SIGNAL_CONT = 17;
const SIGNAL_STOP = 18;
const SIGNAL_TTOU = 21;
const SIGNAL_PIPE = 13;
const SIGNAL_URG = 22;
const SIGNAL_WINCH = 27;
const LAST_SIGNAL = 30;

/** Signals that do nothing to a running program, by the specification. */
const IGNORED = new Set([SIGNAL_CHLD, SIGNAL_CONT, SIGNAL_PIPE, SIGNAL_URG, SIGNAL_WINCH]);

export function processFunctions({ exit }: WasiContext): WasiFunctions {
  return {
    /**
     * Ends the guest with an exit code; does not return.
     *
     * `code`: all 32 bits, read by the host. It does not fail.
     */
    "proc_exit": (code: number) => exit(code >>> 0),
    /**
     * Ends the guest as the signal would, with 128 + its number; does nothing for signals that are
     * ignored by default.
     *
     * `signal`: number of the specification.
     *
     * EINVAL: no such signal. ENOTSUP: a signal that stops, since it would stop the host, too.
     */
    "proc_raise": (signal: number) => {
      const number = signal & 0xff;
      if (number === 0 || number > LAST_SIGNAL) return wasiErrno("EINVAL");
      if (IGNORED.has(number)) return 0;
      // Stopping would also stop the embedding process.
      if (number >= SIGNAL_STOP && number <= SIGNAL_TTOU) return wasiErrno("EOPNOTSUPP");
      return exit(128 + number + (number >= SIGNAL_CHLD ? 1 : 0));
    },
    /**
     * Does nothing: a guest has one thread. It does not fail.
     */
    "sched_yield": () => 0,
  };
}
