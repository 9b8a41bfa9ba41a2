/** Calls that open a ring buffer or perf event array of a guest before its first wait. */
import assert from "node:assert/strict";
import { Interrupt } from "../../ffi/mod.ts";
import { runGuest } from "../../runtime/mod.ts";
import { objectGuest, TEXT } from "../support/object_guest.ts";
import { descriptors } from "../support/spawned.ts";

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

Deno.test("a buffer without addresses for its memory is ENOMEM, and is closed", () => {
  const before = descriptors();
  const counts: number[] = [];
  const module = objectGuest(
    "ext",
    `(loop $again
       (if (i32.ne (call $read (local.get $object)
           (call $map (local.get $object) (i32.const ${TEXT})) (i32.const 0) (i32.const 64)
           (i32.const 0)) (i32.const -12)) (then (call $exit (i32.const 1))))
       (br_if $again (call $more)))
     (call $exit (i32.const 0))`,
    {
      texts: ["perf"],
      more: `(import "wasm_bpf_ext" "buffer_read"
          (func $read (param i64 i32 i32 i32 i32) (result i32)))
        (import "env" "more" (func $more (result i32)))`,
    },
  );
  const { Memory } = WebAssembly;
  WebAssembly.Memory = class extends Memory {
    constructor(limits: WebAssembly.MemoryDescriptor) {
      if (limits.maximum !== undefined) throw new RangeError("could not allocate memory");
      super(limits);
    }
  };
  try {
    const more = () => counts.push(descriptors().length) < 5 ? 1 : 0;
    assert.equal(runGuest(module, { imports: { env: { more } } }), 0);
  } finally {
    WebAssembly.Memory = Memory;
  }
  assert.deepEqual(counts, new Array(5).fill(counts[0]));
  assert.deepEqual(descriptors(), before);
});
