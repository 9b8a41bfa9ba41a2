/** Ends of a guest: exit codes, traps, and modules that cannot run. */
import assert from "node:assert/strict";
import createWabt from "wabt";
import { compileGuest, runGuest, type RunOptions } from "../../runtime/mod.ts";
import "../support/whole_shim.ts";

const wabt = await createWabt();

const EXIT = `(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))`;
const MEMORY = `(memory (export "memory") 1)`;

/** Runs a module made of `body`. */
function run(body: string, options: RunOptions = {}): number {
  const parsed = wabt.parseWat("guest.wat", `(module ${body})`, {
    exceptions: true,
    threads: true,
    memory64: true,
  });
  try {
    const bytes = new Uint8Array(parsed.toBinary({}).buffer);
    return runGuest(compileGuest(bytes, "guest.wasm"), options);
  } finally {
    parsed.destroy();
  }
}

function start(instructions: string, before = ""): string {
  return `${EXIT} ${before} ${MEMORY} (func $start (export "_start") ${instructions})`;
}

Deno.test("runGuest() returns 0 when _start returns", () => {
  assert.equal(run(start("")), 0);
});

Deno.test("runGuest() returns the code of proc_exit, unsigned", () => {
  for (const code of [0, 1, 42, 255, 256, 0x7fff_ffff, 0xffff_ffff]) {
    assert.equal(run(start(`(call $exit (i32.const ${code}))`)), code);
  }
});

Deno.test("runGuest() ends at proc_exit, even when the guest catches everything", () => {
  assert.equal(
    run(start(`(try (do (call $exit (i32.const 3))) (catch_all)) (call $exit (i32.const 4))`)),
    3,
  );
});

Deno.test("runGuest() accepts proc_exit in a module's start function", () => {
  const body = `${EXIT} ${MEMORY} (func $early (call $exit (i32.const 5))) (start $early)
    (func (export "_start") unreachable)`;
  assert.equal(run(body), 5);
});

Deno.test("runGuest() passes the environment", () => {
  const body =
    `(import "wasi_snapshot_preview1" "environ_get" (func $get (param i32 i32) (result i32)))`;
  const instructions = `(drop (call $get (i32.const 0) (i32.const 64)))
    (call $exit (i32.load8_u (i32.const 66)))`;
  const code = run(
    `${body} ${EXIT} ${MEMORY} (func (export "_start") ${instructions})`,
    { env: { A: "é" } },
  );
  assert.equal(code, 0xc3);
});

for (
  const [title, instructions, before] of [
    ["unreachable", "unreachable", ""],
    ["a division by zero", "(drop (i32.div_u (i32.const 1) (i32.const 0)))", ""],
    ["an address out of bounds", "(drop (i32.load (i32.const 65536)))", ""],
    ["endless recursion", "(call $start)", ""],
    ["an uncaught exception", "(throw $thrown)", "(tag $thrown)"],
  ] as const
) {
  Deno.test(`runGuest() reports ${title} as a trap`, () => {
    assert.throws(() => run(start(instructions, before)), {
      name: "GuestTrap",
      code: "GUEST_TRAP",
    });
  });
}

Deno.test("runGuest() shows where a guest trapped", () => {
  assert.throws(
    () => run(start("unreachable")),
    (error: Error & { detail?: string }) => /function\[\d+\]:0x/.test(error.detail ?? ""),
  );
});

Deno.test("runGuest() reports data out of bounds as a trap", () => {
  const body = `(memory (export "memory") 0) (data (i32.const 0) "text") (func (export "_start"))`;
  assert.throws(() => run(body), { code: "GUEST_TRAP" });
});

for (
  const [title, type] of [["a shared memory", "1 2 shared"], ["a 64-bit memory", "i64 1"]] as const
) {
  Deno.test(`runGuest() refuses ${title} before _start`, () => {
    assert.throws(
      () => run(`(memory (export "memory") ${type}) (func (export "_start") unreachable)`),
      { name: "ModuleError", code: "MODULE_EXPORT" },
    );
  });
}

Deno.test("runGuest() accepts a memory of 4 GiB, and a module without one", () => {
  for (const pages of [0, 65536]) {
    assert.equal(run(`(memory (export "memory") ${pages}) (func (export "_start"))`), 0);
  }
});
