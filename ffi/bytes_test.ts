import assert from "node:assert/strict";
import { concat, readAll } from "./bytes.ts";

/** Returns a source of `size` bytes that hands out at most `step` at once. */
function sourceOf(size: number, step: number) {
  let at = 0;
  return {
    readSync(bytes: Uint8Array<ArrayBuffer>): number | null {
      const count = Math.min(bytes.length, step, size - at);
      for (let i = 0; i < count; i++) bytes[i] = (at + i) & 0xff;
      at += count;
      return count === 0 ? null : count;
    },
  };
}

const tooLarge = () => new RangeError("too large");

Deno.test("readAll() returns every byte, whatever size is expected", () => {
  for (const expected of [0, 1, 99_999, 100_000, 100_001, 200_000]) {
    const bytes = readAll(sourceOf(100_000, 7_000), { expected, maxBytes: 200_000, tooLarge });
    assert.equal(bytes.length, 100_000);
    assert.ok(bytes.every((byte, i) => byte === (i & 0xff)), `expected ${expected}`);
  }
});

Deno.test("readAll() accepts the maximum, and refuses one byte more", () => {
  const options = { expected: 0, maxBytes: 100_000, tooLarge };
  assert.equal(readAll(sourceOf(100_000, 3_000), options).length, 100_000);
  assert.throws(() => readAll(sourceOf(100_001, 3_000), options), RangeError);
  assert.throws(() => readAll(sourceOf(0, 1), { ...options, expected: 100_001 }), RangeError);
});

Deno.test("readAll() stops when the start suffices", () => {
  const isEnough = (start: Uint8Array) => start.length >= 10;
  const bytes = readAll(sourceOf(100, 4), { expected: 0, maxBytes: 1000, tooLarge, isEnough });
  assert.equal(bytes.length, 12);
});

Deno.test("concat() joins parts, and copies them", () => {
  const part = Uint8Array.of(1, 2);
  const whole = concat([part, new Uint8Array(), Uint8Array.of(3)]);
  part[0] = 9;
  assert.deepEqual([...whole], [1, 2, 3]);
});
