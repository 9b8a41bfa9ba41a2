/** `environ_*`. */
import type { WasiContext, WasiFunctions } from "./context.ts";
import { encodeAll, putSizes, putStrings } from "./strings.ts";

export function environFunctions({ memory, env }: WasiContext): WasiFunctions {
  const environ = encodeAll(Object.entries(env).map(([name, value]) => `${name}=${value}`));
  return {
    "environ_get": (environAt: number, buf: number) => putStrings(memory, environ, environAt, buf),
    "environ_sizes_get": (count: number, size: number) => putSizes(memory, environ, count, size),
  };
}
