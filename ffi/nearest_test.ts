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

Deno.test("nearest() compares 64 characters of 4096 names at most", () => {
  const others = Array.from({ length: 4095 }, () => "xyz");
  assert.equal(nearest("evnets", [...others, "events"]), "events");
  assert.equal(nearest("evnets", [...others, "xyz", "events"]), undefined);
  const long = "a".repeat(64);
  assert.equal(
    nearest(`${long}${"b".repeat(1e6)}`, [`${long}${"c".repeat(1e6)}`])?.length,
    1e6 + 64,
  );
});

Deno.test("nearest() prefers a name of the same length among equally close ones", () => {
  assert.equal(nearest("psuh", ["ps", "push"]), "push");
  assert.equal(nearest("psuh", ["push", "ps"]), "push");
});

Deno.test("nearest() prefers a name with the same first letter among equally close ones", () => {
  assert.equal(nearest("bsh", ["zsh", "bash"]), "bash");
  assert.equal(nearest("bsh", ["bash", "zsh"]), "bash");
});
