/** All that the host has to offer a guest. */
import { grants, system } from "../ffi/mod.ts";
import { extensionImports } from "./wasm_bpf/mod.ts";
import { Control } from "./control.ts";
import type { Features } from "./features.ts";
import { hostImports } from "./host_functions.ts";
import { localOffset } from "./local_time.ts";
import { ALL_FAMILIES, openGrants } from "./wasi/everything.ts";

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
