import assert from "node:assert/strict";
import createWabt from "wabt";
import { functionImports } from "./imports.ts";
import { Reader, readSections, WasmSyntaxError } from "./reader.ts";

const wabt = await createWabt();

function assemble(body: string): Uint8Array<ArrayBuffer> {
  const features = { "multi_memory": true, exceptions: true, memory64: true, threads: true };
  const parsed = wabt.parseWat("guest.wat", `(module ${body})`, features);
  try {
    return new Uint8Array(parsed.toBinary({}).buffer);
  } finally {
    parsed.destroy();
  }
}

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const bytes = (...rest: number[]) => new Uint8Array([...HEADER, ...rest]);

Deno.test("functionImports() returns each function's type", () => {
  const body = `
    (import "a" "none" (func))
    (import "a" "all" (func (param i32 i64 f32 f64 v128 funcref externref) (result i32 i64)))
    (import "b" "same" (func (param i32) (result i32)))
    (import "" "" (func (param i32) (result i32)))`;
  assert.deepEqual(functionImports(assemble(body)), [
    { module: "a", name: "none", type: "() -> ()" },
    {
      module: "a",
      name: "all",
      type: "(i32, i64, f32, f64, v128, funcref, externref) -> (i32, i64)",
    },
    { module: "b", name: "same", type: "(i32) -> i32" },
    { module: "", name: "", type: "(i32) -> i32" },
  ]);
});

Deno.test("functionImports() skips imports that are not functions", () => {
  const body = `
    (import "m" "table" (table 1 2 funcref))
    (import "m" "memory" (memory 1 2))
    (import "m" "shared" (memory 1 2 shared))
    (import "m" "global" (global (mut i64)))
    (import "m" "tag" (tag (param i32)))
    (import "m" "call" (func (param i64)))
    (func (param f32))`;
  assert.deepEqual(functionImports(assemble(body)), [
    { module: "m", name: "call", type: "(i64) -> ()" },
  ]);
});

Deno.test("functionImports() of a module without imports or types is empty", () => {
  assert.deepEqual(functionImports(assemble("")), []);
  assert.deepEqual(functionImports(assemble("(memory 1)")), []);
});

Deno.test("functionImports() reads the types of garbage collection", () => {
  // (rec (struct (mut i8)) (sub (array i32))) (func (param (ref null 0) (ref 1) anyref) (result i32))
  const types = [
    ...[2, 0x4e, 2, 0x5f, 1, 0x78, 1, 0x50, 0, 0x5e, 0x7f, 0],
    ...[0x60, 3, 0x63, 0, 0x64, 1, 0x6e, 1, 0x7f],
  ];
  const imports = [1, 1, 0x61, 1, 0x62, 0, 2];
  const module = bytes(1, types.length, ...types, 2, imports.length, ...imports);
  assert.ok(WebAssembly.validate(module));
  assert.deepEqual(functionImports(module), [
    { module: "a", name: "b", type: "(ref, ref, ref) -> i32" },
  ]);
});

Deno.test("functionImports() refuses made-up counts and sizes", () => {
  const faults = {
    "section longer than the module": [1, 100, 0],
    "count larger than the section": [1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f],
    "number of more than 32 bits": [1, 6, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    "number without end": [1, 0x80],
    "unknown type form": [1, 2, 1, 0x11],
    "unknown value type": [1, 5, 1, 0x60, 1, 0x11, 0],
    "parameters after the section": [1, 3, 1, 0x60, 9],
    "import without type": [2, 7, 1, 1, 0x61, 1, 0x62, 0, 5],
    "import of unknown kind": [2, 7, 1, 1, 0x61, 1, 0x62, 9, 0],
    "name longer than the section": [2, 4, 1, 0x70, 0x61, 0],
  };
  for (const [name, rest] of Object.entries(faults)) {
    assert.throws(() => functionImports(bytes(...rest)), WasmSyntaxError, name);
  }
});

Deno.test("functionImports() of every cut-off module throws or ends, nothing else", () => {
  const whole = assemble(`(import "m" "f" (func (param i32 i64) (result i32)))
    (import "m" "memory" (memory 1)) (func (export "g"))`);
  for (let size = 0; size < whole.length; size++) {
    try {
      functionImports(whole.subarray(0, size));
    } catch (error) {
      assert.ok(error instanceof WasmSyntaxError, String(error));
    }
  }
});

Deno.test("functionImports() of damaged modules throws or ends, nothing else", () => {
  const whole = assemble(`(import "m" "f" (func (param i32 i64) (result i32)))
    (import "m" "t" (table 1 funcref)) (import "m" "g" (global i32)) (func)`);
  for (let at = 8; at < whole.length; at++) {
    for (const byte of [0x00, 0x01, 0x4e, 0x60, 0x7f, 0x80, 0xff]) {
      const damaged = whole.slice();
      damaged[at] = byte;
      try {
        functionImports(damaged);
      } catch (error) {
        assert.ok(error instanceof WasmSyntaxError, String(error));
      }
    }
  }
});

Deno.test("readSections() gives what is inside each", () => {
  const sections = readSections(bytes(0, 2, 1, 0x61, 1, 1, 0));
  assert.deepEqual(sections, [{ id: 0, start: 10, end: 12 }, { id: 1, start: 14, end: 15 }]);
});

Deno.test("Reader reads the largest numbers and none larger", () => {
  const read = (...list: number[]) => new Reader(new Uint8Array(list));
  assert.equal(read(0xff, 0xff, 0xff, 0xff, 0x0f).u32(), 0xffff_ffff);
  assert.equal(read(0x80, 0x80, 0x80, 0x80, 0x00).u32(), 0);
  assert.throws(() => read(0xff, 0xff, 0xff, 0xff, 0x1f).u32(), WasmSyntaxError);
  const ones = Array<number>(9).fill(0xff);
  assert.equal(read(...ones, 0x01).u64(), 2n ** 64n - 1n);
  assert.throws(() => read(...ones, 0x03).u64(), WasmSyntaxError);
  assert.throws(() => read(...ones, 0xff).skipLeb(), WasmSyntaxError);
});
