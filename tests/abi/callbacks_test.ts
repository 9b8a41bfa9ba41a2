/** Calls that callbacks may make, and functions that may be callbacks. */
import assert from "node:assert/strict";
import { cpuUsage } from "node:process";
import { runGuest } from "../../runtime/mod.ts";
import { guest } from "../support/guests.ts";
import { objectGuest, TEXT } from "../support/object_guest.ts";
import { withAttempts } from "../support/timely.ts";

const EINVAL = 22;
const SECOND = TEXT + 64;

/** Table with one callback, which increments a counter at address 0 and then runs `body`. */
const callback = (body: string) => `
  (table (export "__indirect_function_table") 1 funcref) (elem (i32.const 0) $on)
  (global $loaded (mut i64) (i64.const 0)) (global $token (mut i32) (i32.const 0))
  (func $on (param i32 i32 i32) (result i32)
    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
    ${body} (i32.const 0))`;

const poll = (callback: number, timeoutMs: number) =>
  `(call $events (global.get $loaded) (global.get $token) (i32.const ${callback}) (i32.const 0)
    (i32.const 128) (i32.const 64) (i32.const ${timeoutMs}))`;

/** Opens the buffer named by the first text, and runs the iterator named by the second. */
const FILL = `(global.set $loaded (local.get $object))
  (global.set $token (call $map (local.get $object) (i32.const ${TEXT})))
  (drop ${poll(0, 0)})
  (drop (call $iterate (call $link (local.get $object) (i32.const ${SECOND}) (i32.const 0))
    (i32.const 128) (i32.const 64)))`;

Deno.test("closing the object inside a callback ends the batch with the current event", () => {
  const closing = callback(`(drop (call $close (global.get $loaded)))`);
  const module = objectGuest(
    "events",
    `${FILL} (call $exit (i32.add (i32.mul ${
      poll(0, 1000)
    } (i32.const 16)) (i32.load (i32.const 0))))`,
    { texts: ["perf", "send_many"], more: closing },
  );
  assert.equal(runGuest(module), 0x11);
});

Deno.test("a poll inside a callback of the same ring buffer waits without using CPU time", async () => {
  const polling = callback(`(if (i32.eq (i32.load (i32.const 0)) (i32.const 1))
    (then (drop ${poll(0, 500)})))`);
  const module = objectGuest(
    "events",
    `${FILL} (call $exit (i32.add (i32.mul ${
      poll(0, 1000)
    } (i32.const 16)) (i32.load (i32.const 0))))`,
    { texts: ["ring", "send_one"], more: polling },
  );
  // A machine that is held up counts that as time of the processor, too.
  await withAttempts(() => {
    const [before, start] = [cpuUsage(), performance.now()];
    assert.equal(runGuest(module), 0x11);
    const { user, system } = cpuUsage(before);
    assert.ok(performance.now() - start >= 500);
    assert.ok(user + system < 300_000, `${user + system} µs`);
    return Promise.resolve();
  });
});

/** Guests that export tables that cannot hold a callback. */
const TABLES: Record<string, string> = {
  "of references": `(table (export "__indirect_function_table") 1 externref)`,
};

const pollOnce = `(call $exit (i32.sub (i32.const 0) (call $events (local.get $object)
  (call $map (local.get $object) (i32.const ${TEXT})) (i32.const 0) (i32.const 0)
  (i32.const 128) (i32.const 64) (i32.const 0))))`;

for (const [what, table] of Object.entries(TABLES)) {
  Deno.test(`a guest that exports a table ${what} alone cannot be called back`, () => {
    const module = objectGuest("events", pollOnce, { texts: ["ring"], more: table });
    assert.equal(runGuest(module), EINVAL);
  });

  Deno.test(`a table ${what} hides no table of functions`, () => {
    const functions = callback("").replace("__indirect_function_table", "functions");
    const more = `${functions} ${table}`;
    const module = objectGuest("events", pollOnce, { texts: ["ring"], more });
    assert.equal(runGuest(module), 0);
  });
}

const OTHER_TYPE = callback("").replace(
  "(elem (i32.const 0) $on)",
  "(elem (i32.const 0) $other) (func $other (param i32 i32) (result i32) (i32.const 0))",
);

Deno.test("a callback of another type is refused, not called", () => {
  const body = `${FILL} ${pollOnce}`;
  const module = objectGuest("events", body, { texts: ["ring", "send_one"], more: OTHER_TYPE });
  const said: string[] = [];
  assert.equal(runGuest(module, { onError: ({ message }) => said.push(message) }), EINVAL);
  assert.match(said.join(), /of another type/);
});

Deno.test("an exported callback of another type is refused, not called", () => {
  const module = guest(
    `(call $exit (i32.sub (i32.const 0) (call $poll_wrapped (i64.const 0) (i32.const 0)
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))))`,
    `(import "callback-wrapper" "wasm_bpf_buffer_poll"
       (func $poll_wrapped (param i64 i32 i32 i32 i32 i32) (result i32)))
     (func (export "go-callback") (param i32 i32) (result i32) (i32.const 0))`,
  );
  const said: string[] = [];
  assert.equal(runGuest(module, { onError: ({ message }) => said.push(message) }), EINVAL);
  assert.match(said.join(), /of another type/);
});
