/** Guests that would fill V8's heap, which ends the whole process. */
import assert from "node:assert/strict";
import { HostError } from "../../ffi/errors.ts";
import { Interrupt } from "../../ffi/mod.ts";
import { compileGuest, runGuest, spawn } from "../../runtime/mod.ts";
import { leb } from "../../runtime/wasm/writer.ts";
import { runCli } from "../support/cli.ts";
import { TestFolder } from "../support/folder.ts";
import { assemble } from "../support/wat.ts";

// Loads the shim, which stays loaded, so that no test is blamed for a leak.
Interrupt.create().close();

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const MEMORY = `(memory (export "memory") 1)`;
const START = `(func (export "_start"))`;

/** Assembles a module of whole sections. */
function module(...sections: [id: number, content: number[]][]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([
    ...HEADER,
    ...sections.flatMap(([id, content]) => [id, ...leb(content.length), ...content]),
  ]);
}

const name = (text: string) => [text.length, ...new TextEncoder().encode(text)];

function code(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof HostError, String(error));
    return error.code;
  }
  return "accepted";
}

const compiles = (bytes: Uint8Array<ArrayBuffer>, allowGc = false) =>
  code(() => compileGuest(bytes, "guest.wasm", { allowGc }));

const HEAP_MODULES: Record<string, Uint8Array<ArrayBuffer>> = {
  "an array": module([1, [1, 0x5e, 0x7f, 1]]),
  "a struct": module([1, [1, 0x5f, 1, 0x78, 1]]),
  "an array that is a subtype": module([1, [1, 0x50, 0, 0x5e, 0x7f, 0]]),
  "a final array in a recursive group": module([1, [1, 0x4e, 1, 0x4f, 0, 0x5e, 0x7f, 0]]),
  "a table of anyref": module([4, [1, 0x6e, 0, 1]]),
  "a table of exnref": module([4, [1, 0x69, 0, 1]]),
  "a table of (ref null any)": module([4, [1, 0x63, 0x6e, 0, 1]]),
  "a global of exnref": module([6, [1, 0x69, 1, 0xd0, 0x69, 0x0b]]),
  "an exception with 17 values": module([1, [1, 0x60, 17, ...Array(17).fill(0x7e), 0]], [
    13,
    [1, 0, 0],
  ]),
};

for (const [name, bytes] of Object.entries(HEAP_MODULES)) {
  Deno.test(`compileGuest() refuses ${name} unless allowed`, () => {
    assert.ok(WebAssembly.validate(bytes), "the test's own module");
    assert.equal(compiles(bytes), "MODULE_GC");
    assert.equal(compiles(bytes, true), "accepted");
  });
}

Deno.test("compileGuest() accepts references to functions and host values, and exceptions", () => {
  const accepted = [
    module([1, [1, 0x4e, 1, 0x60, 0, 0]], [4, [2, 0x63, 0, 0, 1, 0x63, 0x6f, 0, 1]]),
    assemble(`(module ${MEMORY} ${START} (tag (param i32 i64)) (table 1 externref) (global externref
      (ref.null extern)) (global funcref (ref.null func)) (global (mut i64) (i64.const -5))
      (func (try (do) (catch_all))))`),
  ];
  for (const bytes of accepted) assert.equal(compiles(bytes), "accepted");
});

/** Makes `count` distinct function types, which also differ between seeds. */
function manyTypes(count: number, seed: number): Uint8Array<ArrayBuffer> {
  const types = Array.from({ length: count }, (_, i) => {
    const digits = Array.from(
      { length: 14 },
      (_, at) => 0x7f - ((seed * 5000 + i) >> (2 * at) & 3),
    );
    return [0x60, 14, ...digits, 0];
  });
  return module([1, [...leb(count), ...types.flat()]]);
}

Deno.test("compileGuest() refuses more types than V8 can keep", () => {
  assert.equal(compiles(manyTypes(4097, 0)), "MODULE_SIZE");
  const codes = Array.from({ length: 130 }, (_, seed) => compiles(manyTypes(4096, seed)));
  assert.deepEqual([codes[0], codes[50], codes.at(-1)], ["accepted", "accepted", "MODULE_SIZE"]);
  assert.equal(compiles(manyTypes(4096, 1)), "accepted", "known types");
});

Deno.test("compileGuest() reports a damaged type section as damage", () => {
  assert.equal(compiles(module([1, [1, 0x11]])), "MODULE_INVALID");
});

const manyTables = (count: number) =>
  assemble(`(module ${MEMORY} ${"(table 1 externref)".repeat(count)} (func (export "_start")
    ${
    Array.from({ length: count }, (_, i) =>
      `(drop (table.grow ${i} (ref.null extern) (i32.const 9999990)))`).join(" ")
  }))`);

Deno.test("runGuest() refuses tables without bounds, and runs them with a limit", () => {
  const guest = compileGuest(manyTables(30), "tables.wasm");
  assert.equal(code(() => runGuest(guest)), "MODULE_MEMORY");
  const before = Deno.memoryUsage().rss;
  assert.equal(runGuest(guest, { limits: { memoryBytes: 2 ** 24 } }), 0);
  assert.ok(Deno.memoryUsage().rss - before < 100e6, "the tables were not limited");
});

Deno.test("spawn() passes on the permission to fill V8's heap", async () => {
  const bytes = module(
    [1, [2, 0x60, 0, 0, 0x5e, 0x7f, 1]],
    [3, [1, 0]],
    [5, [1, 0, 1]],
    [7, [2, ...name("memory"), 2, 0, ...name("_start"), 0, 0]],
    // (drop (array.new_default 1 (i32.const 5)))
    [10, [1, 8, 0, 0x41, 5, 0xfb, 7, 1, 0x1a, 0x0b]],
  );
  await using handle = spawn(compileGuest(bytes, "gc.wasm", { allowGc: true }));
  assert.deepEqual(await handle.exited, { kind: "exited", code: 0 });
});

Deno.test("run refuses a module with arrays without --allow-gc, and prints a hint", async () => {
  using folder = new TestFolder();
  const path = folder.at("gc.wasm");
  await Deno.writeFile(path, HEAP_MODULES["an array"] ?? new Uint8Array());
  const refused = await runCli([path]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /structs or arrays[^]*--allow-gc/);
  // The module passes this check and fails the next one: it has no memory.
  assert.match((await runCli(["--allow-gc", path])).stderr, /exports no memory/);
});
