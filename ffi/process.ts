/** What this process holds of the machine. */
import { shim } from "./library.ts";

/** Returns how many more descriptors this process may have; many where the kernel does not tell. */
export function descriptorsLeft(): number {
  const left = shim().shim_process__descriptors_left();
  return left < 0 ? Infinity : left;
}
