/** `environ_*`. */
import type { WasiContext, WasiFunctions } from "./context.ts";
import { encodeAll, putSizes, putStrings } from "./strings.ts";

export function environFunctions({ memory, env }: WasiContext): WasiFunctions {
  const environ = encodeAll(Object.entries(env).map(([name, value]) => `${name}=${value}`));
  return {
    /**
     * Writes the variables, as NAME=VALUE.
     *
     * `environ`: u32 pointer for each variable, written. `buf`: the strings with NUL, written.
     *
     * EFAULT: a range is outside of the memory.
     */
    "environ_get": (environAt: number, buf: number) => putStrings(memory, environ, environAt, buf),
    /**
     * Writes how much `environ_get` needs.
     *
     * `count`: u32 written, number of variables. `size`: u32 written, bytes with NULs.
     *
     * EFAULT: a range is outside of the memory.
     */
    "environ_sizes_get": (count: number, size: number) => putSizes(memory, environ, count, size),
  };
}
