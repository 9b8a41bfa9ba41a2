/** Resources of this process. */
import { shim } from "./library.ts";

/** Returns how many more descriptors this process may open; a large number if unknown. */
export function descriptorsLeft(): number {
  const left = shim().shim_process__descriptors_left();
  return left < 0 ? Infinity : left;
}
