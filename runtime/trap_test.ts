import assert from "node:assert/strict";
import createWabt from "wabt";
import { unwindGuest } from "./trap.ts";

const wabt = await createWabt();

/** A guest that calls the host inside `body`, which sets `caught` to 1 when it goes on after it. */
function guest(body: string): (exit: () => void) => { run: () => void; caught: () => unknown } {
  const parsed = wabt.parseWat(
    "guest.wat",
    `(module
      (import "host" "exit" (func $exit))
      (global $caught (export "caught") (mut i32) (i32.const 0))
      (func $survive (global.set $caught (i32.const 1)))
      (func $inner ${body})
      (func (export "run") (call $inner) (call $survive)))`,
    { exceptions: true },
  );
  try {
    const module = new WebAssembly.Module(new Uint8Array(parsed.toBinary({}).buffer));
    return (exit) => {
      const { exports } = new WebAssembly.Instance(module, { host: { exit } });
      const caught = exports["caught"] as WebAssembly.Global;
      return { run: exports["run"] as () => void, caught: () => caught.value };
    };
  } finally {
    parsed.destroy();
  }
}

const GUESTS = {
  "legacy catch_all": guest(`(try (do (call $exit)) (catch_all (call $survive)))`),
  "legacy catch_all that throws again": guest(
    `(try (do (try (do (call $exit)) (catch_all (call $survive) (rethrow 0)))) (catch_all))`,
  ),
  "try_table with catch_all": guest(
    `(block $caught (try_table (catch_all $caught) (call $exit)) (return)) (call $survive)`,
  ),
  "try_table with catch_all_ref": guest(
    `(block $caught (result exnref) (try_table (catch_all_ref $caught) (call $exit)) (return))
     drop (call $survive)`,
  ),
};

for (const [name, instantiate] of Object.entries(GUESTS)) {
  Deno.test(`unwindGuest() is not caught by ${name}`, () => {
    const { run, caught } = instantiate(unwindGuest);
    assert.throws(run, WebAssembly.RuntimeError);
    assert.equal(caught(), 0);
  });

  // Or else the tests above would prove nothing.
  Deno.test(`an exception of JavaScript is caught by ${name}`, () => {
    const { run, caught } = instantiate(() => {
      throw new Error("exit");
    });
    run();
    assert.equal(caught(), 1);
  });

  Deno.test(`unwindGuest() is not caught by ${name} when JavaScript throws it again`, () => {
    const { run, caught } = instantiate(() => {
      try {
        unwindGuest();
      } catch (error) {
        throw error;
      }
    });
    assert.throws(run, WebAssembly.RuntimeError);
    assert.equal(caught(), 0);
  });

  Deno.test(`unwindGuest() leaves a guest inside a guest's callback past ${name}`, () => {
    const inner = instantiate(unwindGuest);
    const outer = instantiate(inner.run);
    assert.throws(outer.run, WebAssembly.RuntimeError);
    assert.deepEqual([inner.caught(), outer.caught()], [0, 0]);
  });
}

Deno.test("unwindGuest() runs the finally blocks of JavaScript on its way", () => {
  let released = false;
  const { run } = GUESTS["legacy catch_all"](() => {
    try {
      unwindGuest();
    } finally {
      released = true;
    }
  });
  assert.throws(run, WebAssembly.RuntimeError);
  assert.ok(released);
});
