import assert from "node:assert/strict";
import { isOlder, mapNeedsOf, minimumOf, programNeedsOf } from "./kernel_minimum.ts";

Deno.test("minimumOf() returns the newest version that anything needs, with the reasons", () => {
  assert.deepEqual(minimumOf([]), { version: "5.8", because: [] });
  const calls = {
    helpers: new Set([1, 174, 181]),
    kfuncs: new Set<string>(),
    variables: new Set<string>(),
    isIndirect: false,
  };
  const kind = { type: 2, attachType: 42, hasTarget: true };
  const needs = programNeedsOf("kprobe", kind, calls, (number) => `helper ${number}`);
  assert.deepEqual(minimumOf(needs), { version: "5.18", because: ["kprobe"] });
  assert.deepEqual(minimumOf(needs.slice(1)), { version: "5.17", because: ["helper 181"] });
  const maps = mapNeedsOf([{ type: "arena" }, { type: "array" }, { type: "arena" }]);
  assert.deepEqual(minimumOf([...needs, ...maps]), { version: "6.9", because: ["arena"] });
});

Deno.test("isOlder() compares numbers, not texts", () => {
  assert.ok(isOlder("5.8", "5.10"));
  assert.ok(isOlder("5.19.0-1", "6.1"));
  assert.ok(!isOlder("6.10.3", "6.9"));
  assert.ok(!isOlder("6.6", "6.6"));
});
