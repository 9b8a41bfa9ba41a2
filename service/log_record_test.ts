import assert from "node:assert/strict";
import { recordOf } from "./log_record.ts";

Deno.test("recordOf() takes objects, and no text that is nested too deeply", () => {
  assert.deepEqual(recordOf('{"a":[{"b":"]}"}]}'), { a: [{ b: "]}" }] });
  const nested = (depth: number, [open, close]: string) =>
    `{"a":${open?.repeat(depth)}${close?.repeat(depth)}}`;
  assert.ok(recordOf(nested(63, "[]")));
  const deep = [nested(64, "[]"), `{"b":"\\"",${nested(100_000, "[]").slice(1)}`];
  deep.push(`${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`);
  for (const text of [...deep, "", "[1]", "{", "{}x", " {}", "null"]) {
    assert.equal(recordOf(text), undefined, text.slice(0, 40));
  }
});
