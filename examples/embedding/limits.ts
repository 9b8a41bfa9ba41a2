// deno-lint-ignore-file no-console
import { compileGuest, GuestStopped, runGuest, spawn } from "../../runtime/mod.ts";
import imports from "./host.ts";

/**
 * (module (import "app" "log" (func $log (param i32 i32))) (memory (export "memory") 1)
 *   (data (i32.const 0) "hello")
 *   (func (export "_start") (call $log (i32.const 0) (i32.const 5)) (loop $l (br $l))))
 */
const bytes = Uint8Array.from(
  atob(
    "AGFzbQEAAAABCQJgAn9/AGAAAAILAQNhcHADbG9nAAADAgEBBQMBAAEHEwIGbWVtb3J5AgAGX3N0YXJ0AAEK" +
      "DwENAEEAQQUQAANADAALCwsLAQBBAAsFaGVsbG8=",
  ),
  (character) => character.charCodeAt(0),
);
const guest = compileGuest(bytes, "hello");

try {
  runGuest(guest, { imports, limits: { timeMs: 100, memoryBytes: 16 * 1024 * 1024 } });
} catch (error) {
  if (!(error instanceof GuestStopped)) throw error;
  console.log(error.code);
}

const hostModule = new URL("./host.ts", import.meta.url);
const handle = spawn(guest, { hostModule, signal: AbortSignal.timeout(500) });
const exit = await handle.exited;
if (exit.kind === "failed") console.log(exit.error.code);
