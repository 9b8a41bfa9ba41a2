import assert from "node:assert/strict";
import { cString, decodeText, encodeText, fromCString } from "./c_values.ts";

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

Deno.test("encodeText() restores every byte from decodeText()", () => {
  const samples = [
    [0xff],
    [0x61, 0xff, 0xfe, 0x62],
    [0xc3, 0xa4, 0xc3],
    [0xe2, 0x82],
    [0xed, 0xb2, 0x80],
    [0xf0, 0x9f, 0x98, 0x80, 0x80],
    [0xef, 0xbb, 0xbf, 0x61],
    Array.from({ length: 256 }, (_, i) => i),
  ];
  for (const sample of samples) {
    assert.deepEqual([...encodeText(decodeText(Uint8Array.from(sample)))], sample);
  }
});

Deno.test("decodeText() decodes UTF-8 unchanged", () => {
  assert.equal(decodeText(new TextEncoder().encode("ä😀\ufeffx")), "ä😀\ufeffx");
  assert.equal(decodeText(Uint8Array.of(0x61, 0xff)), "a\udcff");
});
