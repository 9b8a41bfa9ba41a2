/**
 * The door for the command line: what one run on the main thread takes, and no more. Every module
 * costs a start some 0.3 ms; embedders' door is `mod.ts`.
 */
import { system } from "../ffi/mod.ts";
import { runInstance } from "./guest.ts";
import type { GuestModule } from "./module.ts";
import type { RunOptions } from "./run_options.ts";

export { type BufferTotals, type ProgramTotals } from "./bpf/mod.ts";
export { GuestTrap } from "./errors.ts";
export { interruptible } from "./interrupt.ts";
export { compileGuest } from "./module.ts";
export { libbpfVersion } from "../ffi/mod.ts";
export { type GuestStats } from "./stats.ts";

/** Options of a run by the command line. */
export type CommandOptions = Omit<RunOptions, "imports" | "limits" | "signal">;

/**
 * Runs a guest to its end; see `runGuest()` of `mod.ts`. From here on this thread does everything
 * itself: nothing that it opens reaches another.
 */
export function runGuest(guest: GuestModule, options: CommandOptions): number {
  // Where it is forbidden, map operations are a tenth slower.
  system.unshareDescriptors();
  return runInstance(guest, options);
}
