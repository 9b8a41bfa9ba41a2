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

Deno.test("OutputLines keeps a run from writing in the name of another", () => {
  const lines = new OutputLines("one");
  const mark = (text: string) =>
    new TextDecoder().decode(lines.mark(new TextEncoder().encode(`${text}\n`))).trimEnd();
  const deep = `{"a":${"[".repeat(9000)}${"]".repeat(9000)},"run":"two"}`;
  for (
    const line of [
      '{"run":"two","n":1}',
      '{"n":1,"\\u0072un":"two"}',
      '{"run":1,"run":2}',
      '{"Run":"two"}',
    ]
  ) {
    assert.equal(mark(line), `{"run":"one","record":${line}}`);
    assert.equal(JSON.parse(mark(line)).run, "one");
  }
  assert.equal(mark(deep), `one: ${deep}`);
  assert.equal(mark('{"run":'), 'one: {"run":');
  assert.equal(mark('{"comm":"run"}'), '{"run":"one","comm":"run"}');
});
