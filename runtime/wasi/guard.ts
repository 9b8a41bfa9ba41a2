/** Conversion of a guest's bad address to an errno. */
import { GuestFault } from "../guest_memory.ts";
import type { WasiFunction } from "./context.ts";
import { wasiErrno } from "./errno.ts";

/** Returns the call's result, or EFAULT if it was given an address outside the guest's memory. */
export function orFault<T>(call: () => T): T | number {
  try {
    return call();
  } catch (error) {
    if (error instanceof GuestFault) return wasiErrno("EFAULT");
    throw error;
  }
}

/** Wraps a function so that bad addresses return EFAULT. */
export function guarded(call: WasiFunction): WasiFunction {
  // Without a closure, which each call would allocate.
  return (...args) => {
    try {
      return call(...args);
    } catch (error) {
      if (error instanceof GuestFault) return wasiErrno("EFAULT");
      throw error;
    }
  };
}
