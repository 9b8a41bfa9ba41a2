import assert from "node:assert/strict";
import { type Clock, Times } from "./times.ts";

/** Returns the time of a moment as columns and as JSON show it. */
function shown(times: Times): [string, string] {
  const bytes = new Uint8Array(64);
  const text = (end: number) => new TextDecoder().decode(bytes.subarray(0, end));
  return [text(times.nowPlain(bytes, 0)), text(times.nowJson(bytes, 0))];
}

const SECOND = 1_000_000_000n;

Deno.test("Times shows the second of now exactly, next to its ends as well", () => {
  let now = 0n;
  const clock: Clock = { now: () => now, ahead: () => 0n, zone: () => 0 };
  const times = new Times(clock);
  for (const start of [0n, 1_700_000_000n, 1_799_999_999n, 2_500_000_000n, 4_000_000_000n]) {
    for (const ns of [0n, 1n, 127n, 128n, 300n, SECOND / 2n, SECOND - 300n, SECOND - 1n]) {
      now = start * SECOND + ns;
      times.refresh();
      const exact = new Date(Number(start) * 1000).toISOString().slice(0, 19);
      const json = `"${exact}.${String(ns).padStart(9, "0")}Z"`;
      assert.deepEqual(shown(times), [exact.slice(11), json]);
    }
  }
});

Deno.test("Times reads the offsets of clocks again after a minute, and when time goes back", () => {
  let now = 1_700_000_000n * SECOND;
  let readings = 0;
  const ahead = () => {
    readings += 1;
    return 0n;
  };
  const times = new Times({ now: () => now, ahead, zone: () => 0 });
  const refreshed = (at: bigint) => {
    now = at;
    const before = readings;
    times.refresh();
    return readings > before;
  };
  const start = now;
  assert.deepEqual([start, start + 59n * SECOND, start + 60n * SECOND].map(refreshed), [
    ...[true, false, true],
  ]);
  assert.deepEqual([start + 61n * SECOND, start + 30n * SECOND].map(refreshed), [false, true]);
});
