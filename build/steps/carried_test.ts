import assert from "node:assert/strict";
import { loaderOf, pack } from "./carried.ts";

Deno.test("pack() starts each file at a page, and names its place", () => {
  const { bytes, places } = pack(
    new Map([
      ["a", new Uint8Array(5000).fill(1)],
      ["empty", new Uint8Array()],
      ["b", Uint8Array.of(2, 3)],
    ]),
  );
  assert.deepEqual(places, { a: [0, 5000], empty: [8192, 0], b: [8192, 2] });
  assert.equal(bytes.length, 12288);
  assert.deepEqual([...bytes.subarray(8190, 8195)], [0, 0, 2, 3, 0]);
});

Deno.test("the loader maps whole pages of the program's file", () => {
  const carried = pack(new Map([["start.js", Uint8Array.of(1)]]));
  const text = loaderOf(carried, 8192);
  assert.match(text, /null, 4096n, 3, 2, file, 8192n/);
  assert.match(text, /\{"start\.js":\[0,1\]\}/);
});
