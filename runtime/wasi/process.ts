/** `proc_exit` and `sched_yield`. */
import type { WasiContext, WasiFunctions } from "./context.ts";

export function processFunctions({ exit }: WasiContext): WasiFunctions {
  return {
    "proc_exit": (code: number) => exit(code >>> 0),
    // One guest has one thread: there is nobody to yield to, and that is success.
    "sched_yield": () => 0,
  };
}
