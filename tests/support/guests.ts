/** Small guests for tests of the library. */
import { compileGuest, type GuestModule } from "../../runtime/mod.ts";
import { guestPath } from "./cli.ts";
import { assemble } from "./wat.ts";
import "./whole_shim.ts";

const IMPORTS = `
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))`;

/** A guest whose `_start` is `body`, with `more` before it. */
export function guest(body: string, more = ""): GuestModule {
  const text = `(module ${IMPORTS} ${more} (memory (export "memory") 1)
    (data (i32.const 1024) "line\\n") (data (i32.const 512) "\\00\\04\\00\\00\\05\\00\\00\\00")
    (func $start (export "_start") ${body}))`;
  return compileGuest(assemble(text), "guest.wasm");
}

/** Writes `line` and a line feed to a descriptor. */
export const writeLine = (fd: number): string =>
  `(drop (call $write (i32.const ${fd}) (i32.const 512) (i32.const 1) (i32.const 520)))`;

/** Sleeps for that many milliseconds. */
export const sleepMs = (ms: number): string =>
  `(i64.store (i32.const 24) (i64.const ${ms}000000))
   (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))`;

/** Guests that never end by themselves. */
export const ENDLESS = {
  "computes": guest(`(loop $again (br $again))`),
  "calls nothing but an empty function": guest(
    `(loop $again (call $f) (br $again))`,
    `(func $f)`,
  ),
  "sleeps": guest(`(loop $again ${sleepMs(3_600_000)} (br $again))`),
  "sleeps shortly": guest(`(loop $again ${sleepMs(1)} (br $again))`),
  "prints": guest(`(loop $again ${writeLine(1)} (br $again))`),
};

/** `tests/guests/abi`. */
export const ABI: GuestModule = compileGuest(Deno.readFileSync(guestPath("abi")), "abi.wasm");
