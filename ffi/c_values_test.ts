import assert from "node:assert/strict";
import { cString, fromCString } from "./c_values.ts";

Deno.test("cString() terminates UTF-8 with a NUL", () => {
  assert.deepEqual([...cString("é")], [0xc3, 0xa9, 0]);
  assert.deepEqual([...cString("")], [0]);
});

Deno.test("fromCString() returns an empty string for a null pointer", () => {
  assert.equal(fromCString(null), "");
});

Deno.test("fromCString() decodes the result of cString()", () => {
  const bytes = cString("map é 漢");
  assert.equal(fromCString(Deno.UnsafePointer.of(bytes)), "map é 漢");
});
