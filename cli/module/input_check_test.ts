/** Input that is refused while it is read, and modules, which are not. */
import assert from "node:assert/strict";
import { InputCheck } from "./input_check.ts";

const HEADER = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const MIB = 1 << 20;

/** Start of some input, with zeros up to `length`. */
function padded(length: number, ...bytes: number[]): Uint8Array {
  const start = new Uint8Array(length);
  start.set(bytes);
  return start;
}

function check(start: Uint8Array, maxBytes = 1024 * MIB): boolean {
  return new InputCheck({ maxBytes, name: "it" }).isEnough(start);
}

Deno.test("input that shows no kind is refused by its first bytes", () => {
  assert.ok(check(padded(512)));
  assert.ok(!check(padded(511)), "a magic number at 257 may follow");
  assert.ok(check(padded(512, ...HEADER.slice(0, 4), 0x0d, 0, 1, 0)), "a component");
});

Deno.test("a module is refused as soon as its sections cannot be those of one", () => {
  const faults = [
    [0, 0],
    [14, 1, 0],
    [0x80, 1, 0],
    [1, 0xff, 0xff, 0xff, 0xff, 0x7f],
    [1, 0, 1, 0],
  ];
  for (const sections of faults) {
    const start = padded(MIB, ...HEADER, ...sections);
    assert.throws(() => check(start), { code: "MODULE_INVALID" }, `${sections}`);
    // The engine reports it, with the place.
    assert.ok(!check(start.subarray(0, MIB - 1)));
  }
  // A section of 1 GiB, with what comes before it, is more than the limit.
  const large = padded(MIB, ...HEADER, 11, 0x80, 0x80, 0x80, 0x80, 4);
  assert.throws(() => check(large), { code: "TOO_LARGE" });
});

Deno.test("sections are passed over once, in whatever pieces they come", () => {
  // Two custom sections of 1 MiB and a name each, and one code section between.
  const custom = [0, 0x80, 0x80, 0x40, 1, 0x61];
  const whole = padded(3 * MIB + 32, ...HEADER);
  let at = HEADER.length;
  for (const section of [custom, [10, 0x80, 0x80, 0x40], custom]) {
    whole.set(section, at);
    at += 4 + MIB;
  }
  const input = new InputCheck({ maxBytes: 1024 * MIB, name: "it" });
  for (let length = 1000; length <= at; length += 4093) {
    assert.ok(!input.isEnough(whole.subarray(0, length)));
  }
  // Zeros after the last section.
  assert.throws(() => input.isEnough(whole), { code: "MODULE_INVALID" });
});

Deno.test("objects, packages and archives are refused above 64 MiB", () => {
  for (
    const magic of [[0x7f, 0x45, 0x4c, 0x46], [0x1f, 0x8b], [0x28, 0xb5, 0x2f, 0xfd], [0x7b]]
  ) {
    const start = padded(64 * MIB + 1, ...magic);
    if (magic.length === 1) start.fill(0x20, 1, 5000);
    assert.ok(!check(start.subarray(0, 64 * MIB)));
    assert.throws(() => check(start), { code: "TOO_LARGE" }, `${magic}`);
  }
});
