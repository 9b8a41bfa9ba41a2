import assert from "node:assert/strict";
import { nearest } from "./nearest.ts";

Deno.test("nearest() returns a name of which two letters and half of them differ at most", () => {
  const names = ["events", "counts", "pid"];
  for (
    const [word, expected] of [
      ["evnets", "events"],
      ["EVENTS", "events"],
      ["count", "counts"],
      ["pd", "pid"],
      ["events_of_all", undefined],
      ["xyz", undefined],
      ["", undefined],
    ] as const
  ) {
    assert.equal(nearest(word, names), expected, word);
  }
});

Deno.test("nearest() takes bounded time for long words and many names", () => {
  const start = performance.now();
  nearest("x".repeat(1e6), Array.from({ length: 1e6 }, () => "y".repeat(1000)));
  assert.ok(performance.now() - start < 5000);
});
