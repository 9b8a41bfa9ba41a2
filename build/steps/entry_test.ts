import assert from "node:assert/strict";
import { carriedAt, withEntry } from "./entry.ts";
import { BuildError } from "../lib/errors.ts";

const DISTANCE = 0x5754463845545259n;
const APPENDED = Uint8Array.of(1, 2, 3);

/** An ELF file with a segment and a note, and something appended. */
function program(types: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(1000 + APPENDED.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
  view.setBigUint64(0x18, 0x1234n, true);
  view.setBigUint64(0x20, 64n, true);
  view.setBigUint64(0x28, 936n, true);
  view.setUint16(0x36, 56, true);
  view.setUint16(0x38, types.length, true);
  view.setUint16(0x3a, 64, true);
  view.setUint16(0x3c, 1, true);
  types.forEach((type, i) => {
    view.setUint32(64 + i * 56, type, true);
    view.setBigUint64(64 + i * 56 + 16, 0x20000n, true);
    view.setBigUint64(64 + i * 56 + 40, 0x123n, true);
  });
  bytes.set(APPENDED, 1000);
  return bytes;
}

function code(): Uint8Array {
  const bytes = new Uint8Array(32).fill(0x90);
  new DataView(bytes.buffer).setBigUint64(16, DISTANCE, true);
  return bytes;
}

Deno.test("withEntry() starts the program in the code, which leads to the former entry", () => {
  const result = withEntry(program([1, 4]), code());
  const view = new DataView(result.buffer);
  const entry = view.getBigUint64(0x18, true);
  assert.equal(entry, 0x31000n);
  assert.equal(view.getUint32(64 + 56, true), 1);
  assert.equal(view.getBigUint64(64 + 56 + 8, true), 4096n);
  assert.equal(entry + view.getBigInt64(4096 + 16, true), 0x1234n);
  assert.deepEqual(result.subarray(-3), APPENDED);
  assert.equal(result[4096], 0x90);
});

Deno.test("withEntry() puts files after the code, ahead of what is found from the end", () => {
  const carried = new Uint8Array(4096).fill(7);
  const at = carriedAt(program([1, 4]), code());
  const result = withEntry(program([1, 4]), code(), carried);
  assert.equal(at % 4096, 0);
  assert.ok(at >= 4096 + 32);
  assert.deepEqual(result.subarray(at, at + 4096), carried);
  assert.deepEqual(result.subarray(at + 4096), APPENDED);
  assert.equal(result[4096], 0x90);
});

Deno.test("withEntry() refuses programs without a note, or with segments after it", () => {
  assert.throws(() => withEntry(program([1]), code()), BuildError);
  assert.throws(() => withEntry(program([4, 1]), code()), BuildError);
  assert.throws(() => withEntry(program([1, 4]), new Uint8Array(32)), BuildError);
});
