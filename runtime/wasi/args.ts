/** `args_*`. */
import type { WasiContext, WasiFunctions } from "./context.ts";
import { encodeAll, putSizes, putStrings } from "./strings.ts";

export function argsFunctions({ memory, args }: WasiContext): WasiFunctions {
  const argv = encodeAll(args);
  return {
    /**
     * Writes the arguments.
     *
     * `argv`: u32 pointer for each argument, written. `buf`: the strings with NUL, written; sizes
     * as from `args_sizes_get`.
     *
     * EFAULT: a range is outside of the memory.
     */
    "args_get": (argvAt: number, buf: number) => putStrings(memory, argv, argvAt, buf),
    /**
     * Writes how much `args_get` needs.
     *
     * `count`: u32 written, number of arguments. `size`: u32 written, bytes with NULs.
     *
     * EFAULT: a range is outside of the memory.
     */
    "args_sizes_get": (count: number, size: number) => putSizes(memory, argv, count, size),
  };
}
