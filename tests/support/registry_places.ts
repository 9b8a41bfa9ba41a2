/** A registry, and users who push to it and pull from it. */
import { StorePlaces } from "./store_places.ts";
import { assemble } from "./wat.ts";

/** Prints its name and arguments, and exits with 7. */
export const HELLO = assemble(`(module
  (import "wasi_snapshot_preview1" "args_sizes_get"
    (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $sizes (i32.const 0) (i32.const 4)))
    (drop (call $args (i32.const 64) (i32.const 1024)))
    (i32.store (i32.const 16) (i32.const 1024))
    (i32.store (i32.const 20) (i32.load (i32.const 4)))
    (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24)))
    (call $exit (i32.const 7))))`);

/** Places with `hello.wasm` in the folder. */
export async function createPlaces(): Promise<StorePlaces> {
  const places = await StorePlaces.create();
  await places.write("hello.wasm", HELLO);
  return places;
}
