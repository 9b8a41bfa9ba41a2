import assert from "node:assert/strict";
import { loadRowFilter } from "./rows.ts";

Deno.test("loadRowFilter() tests fields of JSON, with all digits of integers", async () => {
  const json = '{"pid":1,"comm":"bash","inner":{"x":2.5}}';
  const row = JSON.parse(json);
  const cases: [string, boolean][] = [
    ['pid == 1 && comm.startsWith("ba")', true],
    ["pid > 1", false],
    ["inner.x > 2.0", true],
    ["missing == 1", false],
    ["pid", false],
  ];
  for (const [text, expected] of cases) {
    assert.equal((await loadRowFilter(text))(row, json), expected, text);
  }
  const exact = await loadRowFilter("at == 9007199254740993");
  assert.equal(exact({}, '{"at":9007199254740993}'), true);
  assert.equal(exact({}, '{"at":9007199254740992}'), false);
});

Deno.test("loadRowFilter() refuses what is not an expression", async () => {
  for (const text of ["pid ==", "x".repeat(20_000)]) {
    await assert.rejects(loadRowFilter(text), { code: "BAD_FILTER" });
  }
});
