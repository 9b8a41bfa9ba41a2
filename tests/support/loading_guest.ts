/** Guest that loads one eBPF object from its data. */
import { assemble } from "./wat.ts";

const text = (bytes: Uint8Array) =>
  [...bytes].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");

/**
 * Returns a module that loads `object` and ends with 0 when that worked, else with 7. With `key`, the
 * object is in its data under an exclusive or, so that inspection cannot find it.
 */
export function loadingGuest(object: Uint8Array, key = 0): Uint8Array<ArrayBuffer> {
  const pages = Math.ceil(object.length / 65536) + 2;
  const hidden = object.map((byte) => byte ^ key);
  return assemble(`(module
    (import "wasm_bpf" "wasm_load_bpf_object" (func $load (param i32 i32) (result i64)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") ${pages})
    (data (i32.const 1024) "${text(hidden)}")
    (func (export "_start") (local $at i32)
      (loop $next
        (i32.store8 (i32.add (i32.const 1024) (local.get $at))
          (i32.xor (i32.const ${key})
            (i32.load8_u (i32.add (i32.const 1024) (local.get $at)))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $at) (i32.const ${object.length}))))
      (if (i64.eqz (call $load (i32.const 1024) (i32.const ${object.length})))
        (then (call $exit (i32.const 7))))))`);
}
