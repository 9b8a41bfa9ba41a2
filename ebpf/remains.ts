/** Parts of a run that are still in the kernel after everything of it was closed. */
import { type HeldPart, type RemainingMap, settleHeld, settleRemains } from "../ffi/mod.ts";

/** Time for sockets of other processes, and for the kernel; only where a struct_ops map is in use. */
const STRUCT_OPS_WAIT_MS = 1000;

/**
 * Time for the kernel to free maps and programs whose holder is not found: on a loaded machine, some
 * hundred times what it takes.
 */
const HELD_WAIT_MS = 3000;

/** Parts of closed objects that the kernel still has. */
export interface Remains {
  /** Struct_ops maps that the kernel uses, such as a congestion control in a socket. */
  readonly remaining: readonly RemainingMap[];
  /** Programs and maps that other processes have opened or pinned. */
  readonly held: readonly HeldPart[];
}

/** Puts sockets back to their default, waits for the kernel, and returns what is left. */
export function settle(): Remains {
  const remaining = settleRemains(STRUCT_OPS_WAIT_MS);
  const held = settleHeld({ waitMs: HELD_WAIT_MS, withoutStructOps: remaining.length > 0 });
  return { remaining, held };
}
