/** `random_get`. */
import { system } from "../../ffi/mod.ts";
import type { WasiContext, WasiFunctions } from "./context.ts";
import { fromResult } from "./errno.ts";

export function randomFunctions({ memory }: WasiContext): WasiFunctions {
  return {
    /**
     * Fills a range with random bytes, by getrandom(2).
     *
     * `buf`, `size`: written.
     *
     * EFAULT: a range is outside of the memory.
     */
    "random_get": (buf: number, size: number) =>
      fromResult(system.random(memory.linear, buf >>> 0, size >>> 0)),
  };
}
