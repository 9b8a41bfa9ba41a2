/** Every format of every type: whatever is combined, output is text, and JSON stays JSON. */
import assert from "node:assert/strict";
import { FORMATS, Output, type OutputFormat, parseFormat, schemaFromText } from "./mod.ts";

const TYPES = [
  ...["u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64", "bool", "char", "float", "double"],
  ...["void *", "__int128", "unsigned __int128"],
].map((type) => `${type} v;`).concat(
  [1, 2, 3, 4, 5, 6, 7, 8, 16, 20, 64].map((length) => `u8 v[${length}];`),
  [1, 4, 6, 16].map((length) => `char v[${length}];`),
  ["s8", "u16", "u32", "s64", "double", "void *", "bool"].map((type) => `${type} v[3];`),
  ["char v[2][4];", "u8 v[2][16];", "u8 v[3][1];", "u32 v[2][2];"],
);
const SINKS: readonly OutputFormat[] = ["columns", "jsonl", "csv"];

/** Records of zeros, of ones and of something between. */
function batchOf(size: number): Uint8Array {
  const batch = new Uint8Array(size * 3);
  batch.fill(255, size, 2 * size);
  for (let i = 0; i < size; i++) batch[2 * size + i] = i * 37 + 11;
  return batch;
}

for (const text of TYPES) {
  Deno.test(`formats of ${text}`, () => {
    const schema = schemaFromText(`u32 pid; ${text}`, "event");
    for (const name of Object.keys(FORMATS)) {
      for (const [i, format] of SINKS.entries()) {
        for (const exact of [false, true]) {
          let shown = "";
          const decoder = new TextDecoder();
          const formats = [{ field: "v", format: parseFormat(name) }];
          const write = (bytes: Uint8Array) => void (shown += decoder.decode(bytes));
          const output = new Output({ sinks: [{ format, write }], formats, exact });
          output.stream("event", schema).write(batchOf(schema.size), "packed");
          output.end();
          const lines = shown.trimEnd().split("\n");
          if (i === 1) lines.forEach((line) => assert.ok("v" in JSON.parse(line), line));
          else assert.ok(lines.length >= 4, `${name}: ${shown}`);
          assert.doesNotMatch(shown, /undefined|\[object/, name);
        }
      }
    }
  });
}
