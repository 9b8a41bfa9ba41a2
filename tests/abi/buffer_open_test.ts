/** Calls that open a ring buffer or perf event array of a guest before its first wait. */
import assert from "node:assert/strict";
import { Interrupt } from "../../ffi/mod.ts";
import { runGuest } from "../../runtime/mod.ts";
import { objectGuest, TEXT } from "../support/object_guest.ts";

for (const map of ["ring", "perf"]) {
  Deno.test(`buffer_read with room for a header opens "${map}", and leaves an interrupt for the next`, () => {
    const read = (bytes: number) =>
      `(call $read (local.get $object)
         (call $map (local.get $object) (i32.const ${TEXT})) (i32.const 0) (i32.const ${bytes})
         (i32.const 0))`;
    const module = objectGuest(
      "ext",
      `(if (i32.ne ${read(8)} (i32.const 0)) (then (call $exit (i32.const 1))))
       (if (i32.ne ${read(64)} (i32.const -4)) (then (call $exit (i32.const 2))))
       (call $exit ${read(64)})`,
      {
        texts: [map],
        more: `(import "wasm_bpf_ext" "buffer_read"
          (func $read (param i64 i32 i32 i32 i32) (result i32)))`,
      },
    );
    using interrupt = Interrupt.create();
    interrupt.raise();
    assert.equal(runGuest(module, { interrupt }), 0);
  });
}
