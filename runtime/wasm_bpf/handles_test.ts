import assert from "node:assert/strict";
import { Handles } from "./handles.ts";

Deno.test("Handles.add() counts from 1, since 0 means failure to a guest", () => {
  const handles = new Handles<string>();
  assert.deepEqual([handles.add("a"), handles.add("b"), handles.add("c")], [1, 2, 3]);
});

Deno.test("Handles.get() finds what was added, by number and by bigint", () => {
  const handles = new Handles<string>();
  const handle = handles.add("a");
  assert.deepEqual([handles.get(handle), handles.get(BigInt(handle))], ["a", "a"]);
});

Deno.test("Handles.get() finds nothing under a number that was made up", () => {
  const handles = new Handles<string>();
  handles.add("a");
  for (const handle of [0, -0, -1, 2, 1.5, NaN, Infinity, 0x1_0000_0001, 2 ** 53]) {
    assert.equal(handles.get(handle), undefined, String(handle));
  }
});

Deno.test("Handles.get() finds nothing under a bigint with other bits set", () => {
  const handles = new Handles<string>();
  handles.add("a");
  for (const bit of [1, 8, 31, 32, 33, 52, 53, 62, 63]) {
    const forged = 1n | 1n << BigInt(bit);
    assert.equal(handles.get(forged), undefined, `bit ${bit}`);
    assert.equal(handles.get(BigInt.asIntN(64, forged)), undefined, `bit ${bit}, signed`);
    assert.equal(handles.get(-1n * forged), undefined, `bit ${bit}, negative`);
  }
});

Deno.test("Handles.remove() gives the entry back once", () => {
  const handles = new Handles<string>();
  const handle = handles.add("a");
  assert.equal(handles.remove(handle), "a");
  assert.equal(handles.remove(handle), undefined);
  assert.equal(handles.get(handle), undefined);
});

Deno.test("Handles.remove() of a number that was made up removes nothing", () => {
  const handles = new Handles<string>();
  handles.add("a");
  for (const handle of [0, 2, -1, 0n, 2n, 0x1_0000_0001n]) handles.remove(handle);
  assert.equal(handles.size, 1);
});

Deno.test("Handles.add() never gives a number a second time", () => {
  const handles = new Handles<number>();
  const seen = new Set<number>();
  for (let i = 0; i < 1000; i++) {
    const handle = handles.add(i);
    assert.ok(!seen.has(handle));
    seen.add(handle);
    handles.remove(handle);
  }
});

Deno.test("Handles.values() are those that are left, in their order", () => {
  const handles = new Handles<string>();
  for (const entry of ["a", "b", "c"]) handles.add(entry);
  handles.remove(2);
  assert.deepEqual([...handles.values()], ["a", "c"]);
  assert.equal(handles.size, 2);
});

Deno.test("find() returns what get() does, also after other handles and removals", () => {
  const handles = new Handles<string>();
  const numbers = Array.from({ length: 200 }, (_, i) => handles.add(`entry ${i}`));
  for (const number of [...numbers, ...numbers]) {
    assert.equal(handles.find(number), handles.get(number));
  }
  handles.remove(65);
  assert.deepEqual([handles.find(1), handles.find(65)], ["entry 0", undefined]);
  handles.removeWhere((entry) => entry === "entry 0");
  assert.equal(handles.find(1), undefined);
  for (const forged of [0, -1, 64.5, NaN, 2 ** 32 + 2, 201]) {
    assert.equal(handles.find(forged), undefined, String(forged));
  }
  handles.find(2);
  handles.clear();
  assert.equal(handles.find(2), undefined);
});
