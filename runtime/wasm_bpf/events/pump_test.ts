import assert from "node:assert/strict";
import { createEntryCheck, Entry, tryEntryCheck } from "./pump.ts";

/** (func (export "c") (param i32 i32 i32) (result i32) …) and (func (export "o") (result i32) …) */
const FUNCTIONS = Uint8Array.from([
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 12, 2, 96, 3, 127, 127, 127, 1, 127, 96, 0, 1, 127],
  ...[
    3,
    3,
    2,
    0,
    1,
    7,
    9,
    2,
    1,
    99,
    0,
    0,
    1,
    111,
    0,
    1,
    10,
    11,
    2,
    4,
    0,
    65,
    0,
    11,
    4,
    0,
    65,
    0,
    11,
  ],
]);

function functions(): { callback: CallableFunction; other: CallableFunction } {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(FUNCTIONS));
  return { callback: exports["c"] as CallableFunction, other: exports["o"] as CallableFunction };
}

Deno.test("createEntryCheck() separates callbacks from empty entries and other functions", () => {
  const { callback, other } = functions();
  const table = new WebAssembly.Table({ element: "anyfunc", initial: 3 });
  const entryAt = createEntryCheck(table);
  table.set(0, callback);
  table.set(1, other);
  assert.deepEqual([0, 1, 2].map(entryAt), [Entry.Callback, Entry.OtherType, Entry.None]);
  // Indices are unsigned: a guest's -1 is the largest.
  assert.deepEqual([3, -1, 2 ** 31].map(entryAt), [Entry.None, Entry.None, Entry.None]);
});

Deno.test("createEntryCheck() sees what the guest changes", () => {
  const { callback, other } = functions();
  const table = new WebAssembly.Table({ element: "anyfunc", initial: 1 });
  const entryAt = createEntryCheck(table);
  assert.equal(entryAt(0), Entry.None);
  table.set(0, callback);
  assert.equal(entryAt(0), Entry.Callback);
  table.set(0, other);
  assert.equal(entryAt(0), Entry.OtherType);
  table.grow(1);
  table.set(1, callback);
  assert.equal(entryAt(1), Entry.Callback);
});

Deno.test("tryEntryCheck() gives nothing for a table that pumps do not link with", () => {
  assert.equal(
    tryEntryCheck(new WebAssembly.Table({ element: "externref" as "anyfunc", initial: 1 })),
    undefined,
  );
  const entryAt = tryEntryCheck(new WebAssembly.Table({ element: "anyfunc", initial: 1 }));
  assert.equal(entryAt?.(0), Entry.None);
});
