/** What a guest's bad address comes to. */
import { GuestFault } from "../guest_memory.ts";
import type { WasiFunction } from "./context.ts";
import { wasiErrno } from "./errno.ts";

/** What the call answers, or EFAULT when it was given an address outside the guest's memory. */
export function orFault<T>(call: () => T): T | number {
  try {
    return call();
  } catch (error) {
    if (error instanceof GuestFault) return wasiErrno("EFAULT");
    throw error;
  }
}

/** The same for each call of a function. */
export function guarded(call: WasiFunction): WasiFunction {
  return (...args) => orFault(() => call(...args));
}
