/** System calls of a process that keeps another one running. Results are ≥ 0 or a negative errno. */
import { cString } from "./c_values.ts";
import { shim } from "./library.ts";

const CLOCK_MONOTONIC = 1;

/** Processes that watch each other, and service managers that watch them. */
export const supervision = {
  /**
   * Ends this process, by SIGKILL, when its parent ends.
   *
   * @returns -ESRCH when the parent has ended already
   */
  dieWith(parent: number): number {
    return shim().shim_process__die_with(parent);
  },

  /**
   * Returns the start of a process in clock ticks since boot, which distinguishes successive owners of
   * a number; undefined when there is no such process.
   */
  startTime(pid: number): number | undefined {
    const start = Number(shim().shim_process__start_time(pid));
    return start < 0 ? undefined : start;
  },

  /** Sends a signal to the process that got this number at that start time; -ESRCH without it. */
  signal(pid: number, start: number, number: number): number {
    return shim().shim_process__signal(pid, BigInt(start), number);
  },

  /**
   * Takes all capabilities except the given bits from this process, all of its threads, and the programs
   * that it starts, for good.
   *
   * @returns the number of threads that keep theirs; -EPERM without CAP_SETPCAP
   */
  boundCapabilities(kept: bigint): number {
    return shim().shim_capabilities__bound(kept);
  },

  /** Returns the bits of the capabilities that programs started by this thread can get. */
  boundingCapabilities(): bigint {
    return shim().shim_capabilities__bounding();
  },

  /**
   * Makes the kernel count runs of programs until this process and those that it starts have ended.
   *
   * @returns 0; -EPERM without CAP_SYS_ADMIN
   */
  holdStatistics(): number {
    return shim().shim_stats__hold();
  },

  /** Takes over the counting that the parent holds. */
  inheritStatistics(): void {
    shim().shim_stats__inherit();
  },

  /** Returns CLOCK_MONOTONIC in microseconds. */
  monotonicUs(): number {
    return Math.floor(Number(shim().shim_clock__now(CLOCK_MONOTONIC)) / 1000);
  },

  /** Sends a state to a service manager, as sd_notify(3) does. */
  notify(path: string, state: string): number {
    return shim().shim_process__notify(cString(path), cString(state));
  },
};
