/** Members and columns that are added to records, and names of flags that are not known. */
import assert from "node:assert/strict";
import { Output, type OutputFormat, schemaFromText } from "./mod.ts";

function shown(format: OutputFormat, time: boolean): string {
  let text = "";
  const write = (bytes: Uint8Array) => void (text += new TextDecoder().decode(bytes));
  const output = new Output({ sinks: [{ format, write }], time });
  const first = output.stream("first", schemaFromText("u8 source; u8 time; u8 _time", "first"));
  const second = output.stream("second", schemaFromText("u8 a", "second"));
  first.write(new Uint8Array([1, 2, 3]), "packed");
  second.write(new Uint8Array([4]), "packed");
  output.end();
  return text;
}

Deno.test("members that are added leave those of a record as they are", () => {
  const [first = "", second = ""] = shown("jsonl", true).split("\n");
  const { _source, __time, ...own } = JSON.parse(first);
  assert.deepEqual({ _source, own }, { _source: "first", own: { source: 1, time: 2, _time: 3 } });
  assert.ok(!Number.isNaN(Date.parse(__time)), first);
  assert.deepEqual(Object.keys(JSON.parse(second)), ["source", "time", "a"]);
  assert.match(shown("csv", true), /^__time,source,time,_time\r\n/);
});

Deno.test("flags of an enum that is not known are a number", () => {
  let text = "";
  const write = (bytes: Uint8Array) => void (text += new TextDecoder().decode(bytes));
  const output = new Output({ sinks: [{ format: "jsonl", write }] });
  const schema = schemaFromText("u32 a @flags:nothing; u32 b @flags", "events");
  output.stream("events", schema).write(new Uint8Array([3, 0, 0, 0, 1, 0, 0, 0]), "packed");
  output.end();
  assert.equal(text, '{"a":3,"b":"O_WRONLY"}\n');
});
