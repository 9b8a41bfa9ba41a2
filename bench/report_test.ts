import assert from "node:assert/strict";
import { measureAll, type Row, spreadOf } from "./report.ts";

const row = (ratio: number): Row => ({
  ...{ what: "a call", unit: "ns", native: 1, wasmBpf: ratio, ratio, atMost: { ratio: 2 } },
});

Deno.test("measureAll() measures again what missed, and gives the last rows", async () => {
  const ratios = [3, 1.5];
  let calls = 0;
  const rows = await measureAll([
    () => Promise.resolve([row(ratios[calls++] ?? NaN)]),
    () => Promise.resolve([row(1)]),
  ]);
  assert.equal(calls, 2);
  assert.deepEqual(rows.map(({ ratio }) => ratio), [1.5, 1]);
});

Deno.test("measureAll() ends after three attempts", async () => {
  let calls = 0;
  const rows = await measureAll([() => Promise.resolve([row(3 + calls++)])]);
  assert.equal(calls, 3);
  assert.deepEqual(rows.map(({ ratio }) => ratio), [5]);
});

Deno.test("spreadOf() leaves out a tenth at each end", () => {
  const figures = Array.from({ length: 21 }, (_, index) => 20 - index);
  assert.deepEqual(spreadOf(figures), { low: 2, high: 18 });
  assert.deepEqual(spreadOf([3, 1, 2]), { low: 1, high: 3 });
});
