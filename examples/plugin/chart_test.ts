import assert from "node:assert/strict";
import { Chart } from "./chart.ts";

Deno.test("Chart draws values in eighths of the largest, with the last one at the right", () => {
  const chart = new Chart({ width: 32, height: 1 });
  for (const value of [800, 100, 0]) chart.add("series", value);
  assert.deepEqual(chart.draw(), [" █▁  series                   0"]);
});

Deno.test("Chart spreads a series over several lines", () => {
  const chart = new Chart({ width: 30, height: 2 });
  for (const value of [8000, 6000]) chart.add("a long name indeed", value);
  assert.deepEqual(chart.draw(), ["█▄", "██ a long name ind      6,000"]);
});

Deno.test("Chart forgets values that no longer fit", () => {
  const chart = new Chart({ width: 30, height: 1 });
  for (const value of [1000, 1, 2]) chart.add("s", value);
  assert.deepEqual(chart.draw(), ["▄█ s                        2"]);
});

Deno.test("Chart keeps its lines within the width, each series by itself", () => {
  const chart = new Chart({ width: 60, height: 3 });
  for (let i = 0; i < 100; i++) {
    chart.add("one", i);
    chart.add("two", 1e9 * i);
  }
  const lines = chart.draw();
  assert.equal(lines.length, 6);
  assert.ok(lines.every((line) => line.length <= 60));
});

Deno.test("Chart draws NaN and negative values as 0", () => {
  const chart = new Chart({ width: 31, height: 1 });
  for (const value of [NaN, -5, Infinity]) chart.add("s", value);
  assert.deepEqual(chart.draw(), ["    s                        0"]);
});
