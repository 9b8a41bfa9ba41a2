/** `clock_*`. WASI's clock numbers are Linux's: realtime 0, monotonic 1, process 2 and thread 3 CPU. */
import { system } from "../../ffi/mod.ts";
import type { WasiContext, WasiFunctions } from "./context.ts";
import { fromResult, wasiErrno } from "./errno.ts";

const LAST_CLOCK = 3;

export function clockFunctions({ memory }: WasiContext): WasiFunctions {
  return {
    /**
     * Writes the resolution of a clock.
     *
     * `clock`: 0 realtime, 1 monotonic, 2 process, 3 thread. `out`: u64 written, nanoseconds.
     *
     * EINVAL: unknown clock. EFAULT: a range is outside of the memory.
     */
    "clock_res_get": (clock: number, out: number) => {
      if (clock >>> 0 > LAST_CLOCK) return wasiErrno("EINVAL");
      return fromResult(system.clockResolution(clock, memory.linear, out >>> 0));
    },
    /**
     * Writes the time of a clock.
     *
     * `clock`: as for `clock_res_get`. `precision` is ignored: the time is exact. `out`: u64
     * written, nanoseconds.
     *
     * EINVAL: unknown clock. EFAULT: a range is outside of the memory.
     */
    "clock_time_get": (clock: number, _precision: bigint, out: number) => {
      if (clock >>> 0 > LAST_CLOCK) return wasiErrno("EINVAL");
      return fromResult(system.clockTime(clock, memory.linear, out >>> 0));
    },
  };
}
