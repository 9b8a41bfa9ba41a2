/** Runs a guest on the calling thread, with everything that an embedder can ask for. */
import { EVERYTHING } from "./everything.ts";
import { runInstance } from "./guest.ts";
import type { GuestModule } from "./module.ts";
import type { InternalOptions, RunOptions } from "./run_options.ts";

/**
 * Runs a guest's `_start` to its end, on this thread; everything it loaded or attached is released
 * before this returns or throws.
 *
 * @returns the guest's exit code, 0 when `_start` returns
 * @throws {ModuleError} when the module cannot be run
 * @throws {GuestTrap} when it traps
 * @throws {GuestStopped} when its time is over or its signal was aborted
 * @throws {HostFunctionError} when a function of the options throws
 */
export function runGuest(guest: GuestModule, options: RunOptions = {}): number {
  return runGuestInside(guest, options);
}

/** Like `runGuest`, with options internal to this package. */
export function runGuestInside(guest: GuestModule, options: InternalOptions): number {
  return runInstance(guest, options, EVERYTHING);
}
