import assert from "node:assert/strict";
import { concat, KeptPrefixes, KeptViews, readAll } from "./bytes.ts";

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

Deno.test("KeptPrefixes.of() returns the bytes of every length, in any order", () => {
  const kept = new KeptPrefixes();
  const bytes = Uint8Array.from({ length: 300 }, (_, i) => i);
  for (const step of [1, 7, 16, 64, 299]) {
    for (let i = 0, length = 0; i < 600; i++, length = (length + step) % 301) {
      const prefix = kept.of(bytes, length);
      assert.deepEqual([prefix.buffer, prefix.byteOffset], [bytes.buffer, 0]);
      assert.equal(prefix.length, length);
    }
  }
});

Deno.test("KeptPrefixes.of() returns one array for lengths that come again", () => {
  const kept = new KeptPrefixes();
  const bytes = new Uint8Array(200);
  const lengths = [72, 104, 63, 65];
  const first = lengths.map((length) => kept.of(bytes, length));
  assert.deepEqual(lengths.map((length, i) => kept.of(bytes, length) === first[i]), [
    ...[true, true, true, true],
  ]);
});

Deno.test("KeptPrefixes.of() follows an array that is replaced, as of a memory that grows", () => {
  const kept = new KeptPrefixes();
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 });
  const before = new Uint8Array(memory.buffer as ArrayBuffer);
  assert.equal(kept.of(before, 16).length, 16);
  memory.grow(1);
  const after = new Uint8Array(memory.buffer as ArrayBuffer);
  assert.equal(kept.of(after, 16).buffer, memory.buffer);
  assert.equal(kept.of(after, 16).length, 16);
});

Deno.test("KeptViews.of() keeps views of arrays that come again, and follows others", () => {
  const views = new KeptViews();
  const one = Uint8Array.of(1, 2, 3, 4);
  const part = one.subarray(1, 3);
  // As long as the first, and of the same place.
  const other = Uint8Array.of(5, 6, 7, 8);
  const [ofOne, ofPart] = [views.of(one), views.of(part)];
  assert.deepEqual([views.of(one) === ofOne, views.of(part) === ofPart], [true, true]);
  assert.deepEqual([ofPart.byteLength, ofPart.getUint8(0)], [2, 2]);
  assert.equal(views.of(other).getUint8(0), 5);
  assert.equal(views.of(one).getUint8(0), 1);
  const large = new Uint8Array(1 << 20);
  assert.equal(views.of(large).byteLength, 1 << 20);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 });
  const before = new Uint8Array(memory.buffer).subarray(0, 64);
  assert.equal(views.of(before).byteLength, 64);
  memory.grow(1);
  assert.throws(() => views.of(before), TypeError);
  assert.equal(views.of(new Uint8Array(memory.buffer).subarray(0, 64)).buffer, memory.buffer);
});
