import assert from "node:assert/strict";
import { OutputLines } from "./output_lines.ts";

Deno.test("OutputLines marks whole lines, and JSON objects inside", () => {
  const lines = new OutputLines("one");
  const mark = (text: string) =>
    new TextDecoder().decode(lines.mark(new TextEncoder().encode(text)));
  assert.equal(mark('{"pid"'), "");
  assert.equal(mark(":1}\ntext\n{}\nre"), '{"run":"one","pid":1}\none: text\none: {}\n');
  assert.equal(mark("st\n"), "one: rest\n");
});
