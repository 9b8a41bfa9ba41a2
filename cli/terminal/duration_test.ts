import assert from "node:assert/strict";
import { parseDuration } from "./duration.ts";

function refuses(title: string, ...texts: string[]): void {
  Deno.test(`parseDuration() refuses ${title}`, () => {
    for (const text of texts) {
      assert.throws(
        () => parseDuration(text, "--timeout"),
        { code: "USAGE" },
        JSON.stringify(text),
      );
    }
  });
}

Deno.test("parseDuration() accepts each unit", () => {
  assert.deepEqual(
    ["500ms", "2s", "3m", "1h"].map((text) => parseDuration(text, "--timeout")),
    [500, 2000, 180_000, 3_600_000],
  );
});

Deno.test("parseDuration() reads a bare number as seconds", () => {
  assert.equal(parseDuration("10", "--timeout"), 10_000);
});

Deno.test("parseDuration() rounds fractions to a millisecond", () => {
  assert.deepEqual(
    ["1.5s", "0.25", "0.5ms", "1.0004s", "0.1h"].map((text) => parseDuration(text, "--timeout")),
    [1500, 250, 1, 1000, 360_000],
  );
});

Deno.test("parseDuration() refuses more than 32 bits of milliseconds", () => {
  assert.equal(parseDuration("4294967295ms", "--timeout"), 0xffff_ffff);
  assert.throws(() => parseDuration("4294967296ms", "--timeout"), { code: "USAGE" });
});

Deno.test("parseDuration() names the option and its value in errors", () => {
  assert.throws(
    () => parseDuration("soon", "--timeout"),
    (error: Error) => error.message.includes("--timeout") && error.message.includes("soon"),
  );
});

refuses("zero, and what rounds to it", "0", "0s", "0.0", "0ms", "0.4ms", "00h");
refuses("a sign", "-1", "-1s", "+1s");
refuses("nothing and white space", "", " ", "1 s", " 1s", "1s ", "1s\n");
refuses("half a number", ".5s", "1.s", "1.2.3s", "s", "ms");
refuses("an unknown unit", "1us", "1S", "1min", "1d", "1hs", "1h30m");
refuses("other ways to write numbers", "1e3", "0x10", "Infinity", "NaN", "１s", "1,5s");
refuses("more than any clock has", "9".repeat(400), `${"9".repeat(400)}h`);
