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

/** Builds a guest whose `_start` is `body`, with `more` before it. */
export function guest(body: string, more = ""): GuestModule {
  const text = `(module ${IMPORTS} ${more} (memory (export "memory") 1)
    (data (i32.const 1024) "line\\n") (data (i32.const 512) "\\00\\04\\00\\00\\05\\00\\00\\00")
    (func $start (export "_start") ${body}))`;
  return compileGuest(assemble(text), "guest.wasm");
}

/** Returns code that writes `line` and a line feed to a descriptor. */
export const writeLine = (fd: number): string =>
  `(drop (call $write (i32.const ${fd}) (i32.const 512) (i32.const 1) (i32.const 520)))`;

/** Returns code that sleeps for that many milliseconds. */
export const sleepMs = (ms: number): string =>
  `(i64.store (i32.const 24) (i64.const ${ms}000000))
   (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))`;

/** Builds a guest that reports on standard error that it runs, and then loops forever. */
function endless(body: string, more?: string): GuestModule {
  return guest(`${writeLine(2)} (loop $again ${body} (br $again))`, more);
}

/** Guests that never end by themselves. */
export const ENDLESS = {
  "computes": endless(""),
  "calls only an empty function": endless("(call $f)", "(func $f)"),
  "sleeps": endless(sleepMs(3_600_000)),
  "sleeps shortly": endless(sleepMs(1)),
  "prints": endless(writeLine(1)),
};

/** Guest of `tests/guests/abi`. */
export const ABI: GuestModule = compileGuest(Deno.readFileSync(guestPath("abi")), "abi.wasm");
