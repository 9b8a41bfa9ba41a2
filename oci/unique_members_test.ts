import assert from "node:assert/strict";
import { repeatedMember } from "./unique_members.ts";

Deno.test("repeatedMember() compares members of the same object only", () => {
  assert.equal(repeatedMember('{"a":{"a":1},"b":[{"a":1},{"a":"a"}]}'), undefined);
  assert.equal(repeatedMember('[{"x":"{","y":"\\"","x":1}]'), "x");
  assert.equal(repeatedMember('{"__proto__":1,"a":2,"__proto__":3}'), "__proto__");
});

Deno.test("repeatedMember() ignores case as Go's decoder does", () => {
  assert.equal(repeatedMember('{"layers":[],"Layers":[]}'), "Layers");
  assert.equal(repeatedMember('{"layers":[],"layer\u017f":[]}'), "layer\u017f");
  assert.equal(repeatedMember('{"k":1,"\u212a":2}'), "\u212a");
  assert.equal(repeatedMember('{"a":1,"\\u0061":2}'), "a");
});

Deno.test("repeatedMember() reads the largest manifest in bounded time", () => {
  const members = Array.from({ length: 49_000 }, (_, index) => `"${"x".repeat(70)}${index}":"y"`);
  const start = performance.now();
  assert.equal(repeatedMember(`{${members}}`), undefined);
  for (const part of ["x", "\\n", '\\"']) {
    const long = part.repeat(4 * 1024 ** 2 / part.length);
    assert.equal(repeatedMember(`{"a":"${long}","a":1}`), "a");
  }
  assert.ok(performance.now() - start < 10_000);
});
