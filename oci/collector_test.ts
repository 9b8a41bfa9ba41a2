import assert from "node:assert/strict";
import { Collector } from "./collector.ts";

Deno.test("Collector keeps chunks of any size in order", () => {
  for (const sizes of [[], [0], [1], [2 ** 14], [2 ** 14 + 1, 0, 5], [3, 2 ** 20, 2 ** 24, 7]]) {
    const collector = new Collector();
    const piece = new Uint8Array(Math.max(0, ...sizes));
    const expected: number[] = [];
    let next = 0;
    for (const size of sizes) {
      for (let at = 0; at < size; at++) piece[at] = next++ * 2654435761 >>> 24;
      collector.add(piece.subarray(0, size));
      expected.push(size);
    }
    const total = expected.reduce((sum, size) => sum + size, 0);
    const bytes = collector.bytes();
    assert.deepEqual([collector.size, bytes.length], [total, total]);
    for (let at = 0; at < total; at++) {
      if (bytes[at] !== (at * 2654435761 >>> 24)) assert.fail(`byte ${at} of ${sizes}`);
    }
  }
});
