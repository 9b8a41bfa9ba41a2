/** Context that WASI's call families share, and the conversion of bad addresses to EFAULT. */
import type { Interrupt } from "../../ffi/mod.ts";
import { GuestFault, type GuestMemory } from "../guest_memory.ts";
import { wasiErrno } from "./errno.ts";
import type { FdTable } from "./fd_table.ts";

/** One guest's WASI state. */
export interface WasiContext {
  readonly memory: GuestMemory;
  /** `args[0]` is the module's name. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly fds: FdTable;
  /** Ends the guest with an exit code; does not return. */
  readonly exit: (code: number) => never;
  /** Ends sleeps, and waits for input, early. */
  readonly interrupt: Interrupt;
  /** Called when the interrupt needs attention. */
  readonly attend: () => void;
  /** True if the guest may be terminated in a call: then no call may block forever. */
  readonly isTerminable?: boolean;
  /** Resolver mode for tests that compare it with the default, which keeps paths inside. */
  readonly resolve?: number | undefined;
  /** True if this is `wasi_unstable`, the specification's snapshot 0, which differs in layouts. */
  readonly isUnstable?: boolean;
}

/** A WASI function as WebAssembly calls it: numbers and bigints in, an errno out. */
export type WasiFunction = (...args: never[]) => number | void;

/** A call family's functions, by import name. */
export type WasiFunctions = Record<string, WasiFunction>;

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
