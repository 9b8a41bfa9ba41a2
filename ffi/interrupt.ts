/** Signals and time-outs while a guest runs; see `libbpf-shim/interrupt.c`. */
import { shim } from "./library.ts";

/** The process's signal handling while a guest runs; one at a time. */
export const interrupt = {
  /**
   * Keeps the first SIGINT or SIGTERM for the next wait; the second ends the process.
   *
   * @returns 0 or a negative errno; -EALREADY when installed
   */
  install(): number {
    return shim().shim_interrupt__install();
  },

  /** Interrupts after `afterMs`; ends the process `graceMs` later with exit code 124. */
  schedule(afterMs: number, graceMs: number): number {
    return shim().shim_interrupt__schedule(afterMs, graceMs);
  },

  /** Makes the next wait return -EINTR. */
  raise(): void {
    shim().shim_interrupt__raise();
  },

  /** Puts the former handlers back. */
  uninstall(): void {
    shim().shim_interrupt__uninstall();
  },
};
