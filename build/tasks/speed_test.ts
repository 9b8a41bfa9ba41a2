import assert from "node:assert/strict";
import { BuildError } from "../lib/errors.ts";
import { type SpeedRow, withSpeed } from "./speed.ts";

const MEASURED = { date: "2026-01-02", commit: "abc1234", cores: 2, kernel: "6.18" };
const ROWS: SpeedRow[] = [
  { unit: "ns", cells: ["map lookup", "300 ns", "361 ns", "1.20", "1.35 x"], met: true },
  { unit: "ms", cells: ["start", "10 ms", "60 ms", "1.30", ""], met: true },
];

Deno.test("withSpeed() replaces the tables, and nothing else", () => {
  const readme =
    "before\n<!-- made by ./dev speed -->\nold\n<!-- end of what ./dev speed made -->\nafter\n";
  const text = withSpeed(readme, ROWS, MEASURED);
  assert.ok(text.startsWith("before\n<!-- made"));
  assert.ok(text.endsWith("made -->\nafter\n"));
  assert.ok(!text.includes("old"));
  assert.match(text, /2026-01-02 at commit abc1234/);
  assert.match(text, /\| map lookup \| 300 ns \| 361 ns \| 1\.20 \| 1\.35 x \|/);
  assert.match(text, /\| per run \|.*\n.*\n\| start \| 10 ms \|/);
  assert.equal(withSpeed(text, ROWS, MEASURED), text);
});

Deno.test("withSpeed() requires a place for the tables", () => {
  assert.throws(() => withSpeed("nothing here", ROWS, MEASURED), BuildError);
});

Deno.test("README has a place for the tables", async () => {
  withSpeed(await Deno.readTextFile("README.md"), ROWS, MEASURED);
});
