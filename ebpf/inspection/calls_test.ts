import assert from "node:assert/strict";
import { inspectObject } from "./object.ts";

interface Function {
  name: string;
  value: number;
  size: number;
}

const encoder = new TextEncoder();

/** Builds an eBPF object with one section of code, and functions that are anywhere in it. */
function objectOf(code: Uint8Array, functions: readonly Function[]): Uint8Array<ArrayBuffer> {
  const sectionNames = encoder.encode("\0tp/a/b\0.symtab\0.strtab\0");
  const names = encoder.encode(`\0${functions.map(({ name }) => name).join("\0")}\0`);
  const symbols = new DataView(new ArrayBuffer((functions.length + 1) * 24));
  let nameAt = 1;
  functions.forEach(({ name, value, size }, i) => {
    const at = (i + 1) * 24;
    symbols.setUint32(at, nameAt, true);
    symbols.setUint8(at + 4, 0x12);
    symbols.setUint16(at + 6, 1, true);
    symbols.setBigUint64(at + 8, BigInt(value), true);
    symbols.setBigUint64(at + 16, BigInt(size), true);
    nameAt += name.length + 1;
  });
  const parts = [code, new Uint8Array(symbols.buffer), names, sectionNames];
  const offsets = parts.map((_, i) =>
    64 + parts.slice(0, i).reduce((sum, { length }) => sum + length, 0)
  );
  const headersAt = (offsets[3] ?? 0) + sectionNames.length;
  const bytes = new Uint8Array(headersAt + 5 * 64);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 1, true);
  view.setUint16(18, 247, true);
  view.setBigUint64(0x28, BigInt(headersAt), true);
  [[0x3a, 64], [0x3c, 5], [0x3e, 4]].forEach(([at = 0, value = 0]) =>
    view.setUint16(at, value, true)
  );
  parts.forEach((part, i) => bytes.set(part, offsets[i]));
  const sections = [[1, 1, 4n, 0], [8, 2, 0n, 3], [16, 3, 0n, 0], [16, 3, 0n, 0]] as const;
  sections.forEach(([name, type, flags, link], i) => {
    const at = headersAt + (i + 1) * 64;
    view.setUint32(at, name, true);
    view.setUint32(at + 4, type, true);
    view.setBigUint64(at + 8, flags, true);
    view.setBigUint64(at + 24, BigInt(offsets[i] ?? 0), true);
    view.setBigUint64(at + 32, BigInt(parts[i]?.length ?? 0), true);
    view.setUint32(at + 40, link, true);
  });
  return bytes;
}

/** An instruction: code, source register, immediate. */
function instruction(code: number, source = 0, immediate = 0): number[] {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint8(0, code);
  view.setUint8(1, source << 4);
  view.setInt32(4, immediate, true);
  return [...new Uint8Array(view.buffer)];
}

const CALL = 0x85, EXIT = 0x95, PROBE_WRITE_USER = 36;

Deno.test("inspectObject() reads the longest of functions at one place", () => {
  const code = Uint8Array.from([...instruction(CALL, 0, PROBE_WRITE_USER), ...instruction(EXIT)]);
  const facts = inspectObject(objectOf(code, [
    { name: "empty", value: 0, size: 0 },
    { name: "whole", value: 0, size: code.length },
  ]));
  assert.equal(facts.level, "write");
  assert.deepEqual(facts.programs.map(({ level }) => level), ["write", "write"]);
});

Deno.test("inspectObject() follows calls that go in circles once", () => {
  const code = Uint8Array.from([...instruction(CALL, 1, -1), ...instruction(EXIT)]);
  assert.equal(inspectObject(objectOf(code, [{ name: "a", value: 0, size: 16 }])).level, "observe");
});

Deno.test("inspectObject() refuses a call through a register, and an unknown helper counts as write", () => {
  const levelOf = (...code: number[]) =>
    inspectObject(objectOf(Uint8Array.from(code), [{ name: "a", value: 0, size: code.length }]))
      .level;
  assert.equal(levelOf(...instruction(0x8d)), "never");
  assert.equal(levelOf(...instruction(CALL, 0, 9999)), "write");
  assert.equal(levelOf(...instruction(CALL, 2, 77)), "write");
});

Deno.test("inspectObject() rejects overlapping functions without end, in bounded time", () => {
  const code = new Uint8Array(1 << 20).fill(0xbf);
  const functions = Array.from({ length: 4000 }, (_, i) => ({
    name: `f${i}`,
    value: i * 8,
    size: code.length - i * 8,
  }));
  assert.throws(() => inspectObject(objectOf(code, functions)), { code: "BAD_ELF" });
});
