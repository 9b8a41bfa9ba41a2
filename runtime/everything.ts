/** All that the host has to offer a guest, and runs with it on the calling thread. */
import { grants, system } from "../ffi/mod.ts";
import { Control } from "./control.ts";
import type { Features } from "./features.ts";
import { runInstance } from "./guest.ts";
import { hostImports } from "./host_functions.ts";
import { localOffset } from "./local_time.ts";
import type { GuestModule } from "./module.ts";
import type { InternalOptions, RunOptions } from "./run_options.ts";
import { ALL_FAMILIES, openGrants } from "./wasi/everything.ts";
import { extensionImports } from "./wasm_bpf/mod.ts";

export { decodeText } from "../ffi/mod.ts";

/** Every feature. */
export const EVERYTHING: Features = {
  wasiFamilies: ALL_FAMILIES,
  isUnstableToo: true,
  openGrants,
  extension: extensionImports,
  control: (guest, options, interrupt) => new Control(guest, options, interrupt),
  hostImports,
};

/** The environment of the process: `NAME=value` as bytes, which need be no UTF-8. */
export function processEnvironment(): Uint8Array<ArrayBuffer>[] {
  return grants.environment();
}

/** The arguments of the process, its name first, as bytes, which need be no UTF-8. */
export function processArguments(): Uint8Array<ArrayBuffer>[] {
  return grants.arguments();
}

/** Numbers of Linux's clocks. */
const CLOCKS = { wall: 0, monotonic: 1, boot: 7 } as const;

/** Returns the clocks and the zone of this host; `ahead` is how far wall-clock time is ahead of another. */
export function hostClock(): {
  now(): bigint;
  ahead(clock: "monotonic" | "boot"): bigint;
  zone(seconds: number): number;
} {
  return {
    now: () => system.clockNow(CLOCKS.wall),
    ahead: (clock) => system.clockNow(CLOCKS.wall) - system.clockNow(CLOCKS[clock]),
    zone: (seconds) => localOffset(BigInt(seconds)),
  };
}

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
