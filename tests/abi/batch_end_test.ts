/** An interrupt ends a batch of events after the current event. */
import assert from "node:assert/strict";
import { type GuestModule, spawn } from "../../runtime/mod.ts";
import { CliProcess, runCli } from "../support/cli.ts";
import { TestFolder } from "../support/folder.ts";
import { writeLine } from "../support/guests.ts";
import { objectGuest, TEXT } from "../support/object_guest.ts";
import { assertTimely, elapsedMs, withScales } from "../support/timely.ts";

const SECOND = TEXT + 64;
const EINTR = 4;
/** Exit code of a guest that received every event once, and the interrupt after the first few. */
const AS_EXPECTED = 7;

/** A callback that counts its calls at 0, prints at the first, and computes for `ms` each time, until `$fast` is set. */
const slowCallback = (ms: number) => `
  (import "wasi_snapshot_preview1" "clock_time_get" (func $now (param i32 i64 i32) (result i32)))
  (table (export "__indirect_function_table") 1 funcref) (elem (i32.const 0) $on)
  (global $fast (mut i32) (i32.const 0))
  (global $pass (mut i32) (i32.const 0)) (global $first (mut i32) (i32.const 0))
  (func $time (result i64) (drop (call $now (i32.const 1) (i64.const 0) (i32.const 8)))
    (i64.load (i32.const 8)))
  (func $on (param i32 i32 i32) (result i32) (local $end i64)
    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
    (if (global.get $fast) (then (return (i32.const 0))))
    (if (i32.eq (i32.load (i32.const 0)) (i32.const 1)) (then ${writeLine(1)}))
    (local.set $end (i64.add (call $time) (i64.const ${ms}000000)))
    (loop $spin (br_if $spin (i64.lt_u (call $time) (local.get $end))))
    (i32.const 0))`;

const poll = (timeoutMs: number) =>
  `(call $events (local.get $object) (local.get $i) (i32.const 0) (i32.const 0) (i32.const 128)
    (i32.const 64) (i32.const ${timeoutMs}))`;

/**
 * Fills a buffer with `events` events in `passes` reads of an iterator, and polls it as a tool
 * would.
 */
function slowGuest(
  buffer: string,
  program: string,
  { passes, events, ms }: { passes: number; events: number; ms: number },
): GuestModule {
  const body = `
    (local.set $i (call $map (local.get $object) (i32.const ${TEXT})))
    (drop ${poll(0)})
    (loop $again
      (drop (call $iterate (call $link (local.get $object) (i32.const ${SECOND}) (i32.const 0))
        (i32.const 128) (i32.const 64)))
      (global.set $pass (i32.add (global.get $pass) (i32.const 1)))
      (br_if $again (i32.lt_u (global.get $pass) (i32.const ${passes}))))
    (global.set $first ${poll(5000)})
    (global.set $fast (i32.const 1))
    (if (i32.ne ${poll(0)} (i32.const -${EINTR})) (then (call $exit (i32.const 1))))
    (loop $rest (br_if $rest (i32.gt_s ${poll(0)} (i32.const 0))))
    (if (i32.ge_u (i32.sub (global.get $first) (i32.const 1)) (i32.const ${events - 1}))
      (then (call $exit (i32.const 2))))
    (if (i32.ne (i32.load (i32.const 0)) (i32.const ${events})) (then (call $exit (i32.const 3))))
    (call $exit (i32.const ${AS_EXPECTED}))`;
  return objectGuest("events", body, { texts: [buffer, program], more: slowCallback(ms) });
}

/** Guests whose whole batch takes about ten seconds. */
const GUESTS: Record<string, GuestModule> = {
  "ring buffer": slowGuest("ring", "send_one", { passes: 500, events: 500, ms: 20 }),
  "perf event array": slowGuest("perf", "send_many", { passes: 1, events: 100, ms: 100 }),
};

Deno.test("interrupt_page shows a request to end until the guest gets EINTR", async () => {
  const more = `
    (import "wasm_bpf_ext" "interrupt_page" (func $show (param i32) (result i32)))
    (import "wasm_bpf_ext" "is_interrupted" (func $asked (result i32)))
    (func $check (param i32) (if (i32.eqz (local.get 0)) (then (call $exit (i32.const 1)))))`;
  const word = "(i32.load (i32.const 49152))";
  const module = objectGuest(
    "events",
    `(local.set $i (call $map (local.get $object) (i32.const ${TEXT})))
     (call $check (i32.eq (call $show (i32.const 49156)) (i32.const -22)))
     (call $check (i32.eq (call $show (i32.const 131072)) (i32.const -14)))
     (call $check (i32.eqz (call $show (i32.const 49152))))
     (call $check (i32.eq (call $show (i32.const 45056)) (i32.const -16)))
     (call $check (i32.eqz (i32.or ${word} (call $asked))))
     ${writeLine(1)}
     (loop $wait (br_if $wait (i32.eqz ${word})))
     (call $check (i32.eq (call $asked) (i32.const 1)))
     (i32.store (i32.const 49152) (i32.const 0))
     (call $check (i32.eq (call $asked) (i32.const 1)))
     (i32.store (i32.const 49152) (i32.const 7))
     (call $check (i32.eq
       (call $events (local.get $object) (local.get $i) (i32.const 0) (i32.const 0) (i32.const 128)
         (i32.const 64) (i32.const 5000)) (i32.const -${EINTR})))
     (call $check (i32.eqz (i32.or ${word} (call $asked))))
     (call $exit (i32.const ${AS_EXPECTED}))`,
    {
      texts: ["ring"],
      more: `${more} (table (export "__indirect_function_table") 1 funcref)
        (elem (i32.const 0) $on) (func $on (param i32 i32 i32) (result i32) (i32.const 0))`,
    },
  );
  const line = Promise.withResolvers<void>();
  await using handle = spawn(module, { stdio: { stdout: () => line.resolve() } });
  await line.promise;
  handle.interrupt();
  assert.deepEqual(await handle.exited, { kind: "exited", code: AS_EXPECTED });
});

/** Far less than a batch takes. */
const SOON_MS = 3000;

for (const [what, module] of Object.entries(GUESTS)) {
  Deno.test(`an interrupt ends a batch of a ${what} without losing an event`, () =>
    assertTimely(SOON_MS, async () => {
      const line = Promise.withResolvers<void>();
      await using handle = spawn(module, { stdio: { stdout: () => line.resolve() } });
      await line.promise;
      handle.interrupt();
      return await elapsedMs(async () =>
        assert.deepEqual(await handle.exited, { kind: "exited", code: AS_EXPECTED })
      );
    }));

  Deno.test(`SIGTERM ends a batch of a ${what} without losing an event`, async () => {
    using folder = new TestFolder();
    const path = folder.at("slow.wasm");
    await Deno.writeFile(path, module.bytes);
    await assertTimely(SOON_MS, async () => {
      await using guest = new CliProcess([path]);
      await guest.waitFor(/line/);
      guest.kill("SIGTERM");
      return await elapsedMs(async () => assert.equal((await guest.result()).code, AS_EXPECTED));
    });
  });

  Deno.test(`--timeout ends a batch of a ${what} without losing an event`, async () => {
    using folder = new TestFolder();
    const path = folder.at("slow.wasm");
    await Deno.writeFile(path, module.bytes);
    await withScales(async (scale) => {
      const run = () => runCli(["--timeout", `${scale}s`, path]);
      await assertTimely(
        scale * 1000 + SOON_MS,
        () => elapsedMs(async () => assert.equal((await run()).code, AS_EXPECTED)),
      );
    });
  });
}
