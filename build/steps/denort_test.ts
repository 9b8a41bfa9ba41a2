import assert from "node:assert/strict";
import { elfEnd } from "./denort.ts";
import { BuildError } from "../lib/errors.ts";

/** An ELF64 header whose section header table has `count` entries at `offset`. */
function elf(offset: number, count: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
  view.setBigUint64(0x28, BigInt(offset), true);
  view.setUint16(0x3a, 64, true);
  view.setUint16(0x3c, count, true);
  return bytes;
}

Deno.test("elfEnd() is the end of the section header table, whatever is appended", () => {
  assert.equal(elfEnd(elf(1000, 3, 5000)), 1000 + 3 * 64);
  assert.equal(elfEnd(elf(1000, 3, 1192)), 1192);
});

Deno.test("elfEnd() finds the end of the program that runs this", async () => {
  const { size } = await Deno.stat(Deno.execPath());
  assert.equal(elfEnd(await Deno.readFile(Deno.execPath())), size);
});

Deno.test("elfEnd() refuses truncated files, files without section headers, and other formats", () => {
  assert.throws(() => elfEnd(elf(1000, 3, 1191)), BuildError);
  assert.throws(() => elfEnd(elf(0, 0, 5000)), BuildError);
  assert.throws(() => elfEnd(new Uint8Array(100)), BuildError);
  assert.throws(() => elfEnd(new Uint8Array()), BuildError);
});
