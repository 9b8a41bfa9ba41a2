import assert from "node:assert/strict";
import { formatBytes, formatCount, formatSeconds } from "./units.ts";

Deno.test("formatBytes() returns three digits and a unit", () => {
  const expected: [number, string][] = [
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.00 kB"],
    [9_994, "9.99 kB"],
    [9_996, "10.0 kB"],
    [87_345, "87.3 kB"],
    [99_960, "100 kB"],
    [999_499, "999 kB"],
    [999_501, "1.00 MB"],
    [2 ** 30, "1.07 GB"],
    [1e16, "10000 TB"],
  ];
  for (const [bytes, text] of expected) assert.equal(formatBytes(bytes), text);
});

Deno.test("formatSeconds() returns two units at most", () => {
  const expected: [number, string][] = [
    [-1, "0s"],
    [0.4, "0s"],
    [59.4, "59s"],
    [59.5, "1m00s"],
    [125, "2m05s"],
    [3599.6, "1h00m"],
    [12_000, "3h20m"],
  ];
  for (const [seconds, text] of expected) assert.equal(formatSeconds(seconds), text);
});

Deno.test("formatCount() returns singular and plural forms", () => {
  assert.deepEqual([0, 1, 2].map((count) => formatCount(count, "blob")), [
    "0 blobs",
    "1 blob",
    "2 blobs",
  ]);
});
