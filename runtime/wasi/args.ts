/** `args_*`. */
import type { WasiContext, WasiFunctions } from "./context.ts";
import { encodeAll, putSizes, putStrings } from "./strings.ts";

export function argsFunctions({ memory, args }: WasiContext): WasiFunctions {
  const argv = encodeAll(args);
  return {
    "args_get": (argvAt: number, buf: number) => putStrings(memory, argv, argvAt, buf),
    "args_sizes_get": (count: number, size: number) => putSizes(memory, argv, count, size),
  };
}
