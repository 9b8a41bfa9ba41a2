/** The function that a guest calls between the records of a batch that it has read. */
import type { Stage } from "./stage.ts";

/**
 * (module
 *   (import "stage" "memory" (memory 0))
 *   (import "stage" "flags" (global i32))
 *   (func (export "probe") (result i32)
 *     (i32.ne (i32.const 0)
 *       (i32.and (i32.const 13) (i32.load (global.get 0))))))
 *
 * 13: the flags that ask the guest to end and were not reported to it (libbpf-shim/interrupt.c).
 * A word that is read in WebAssembly costs 1 to 2 ns; a call of JavaScript costs several times that.
 */
const PROBE = Uint8Array.from([
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127],
  ...[2, 32, 2, 5, 115, 116, 97, 103, 101, 6, 109, 101, 109, 111, 114, 121, 2, 0, 0],
  ...[5, 115, 116, 97, 103, 101, 5, 102, 108, 97, 103, 115, 3, 127, 0],
  ...[3, 2, 1, 0, 7, 9, 1, 5, 112, 114, 111, 98, 101, 0, 0],
  ...[10, 15, 1, 13, 0, 65, 0, 65, 13, 35, 0, 40, 2, 0, 113, 71, 11],
]);

/** Creates a function that returns 1 while an interrupt waits to be reported to the guest, else 0. */
export function createInterruptProbe({ memory, flags }: Stage): () => number {
  const module = new WebAssembly.Module(PROBE);
  const instance = new WebAssembly.Instance(module, { stage: { memory, flags } });
  return instance.exports["probe"] as () => number;
}
