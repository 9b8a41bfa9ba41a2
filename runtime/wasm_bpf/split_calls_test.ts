import assert from "node:assert/strict";
import { splitCalls } from "./split_calls.ts";

const OPERATE = "(i32, i32, i32, i32, i32, i64) -> i32";
const WIDE_OPERATE = "(i32, i32, i64, i64, i64, i64) -> i32";
const POLL = "(i64, i32, i32, i32, i32, i32, i32) -> i32";
const READ = "(i64, i32, i32, i32, i32) -> i32";

/** Import functions for a guest with these declarations, and the arguments that they passed on. */
function split(declared: Record<string, string[]>) {
  const calls: number[][] = [];
  const note = (...args: number[]) => calls.push(args);
  const bpf: Record<string, (...args: (number | bigint)[]) => number> = {
    "wasm_bpf_map_operate": () => -1,
    "wasm_bpf_buffer_poll": () => -1,
  };
  const ext: typeof bpf = { "buffer_read": () => -1 };
  const imports = { "wasm_bpf": bpf, "wasm_bpf_ext": ext };
  const list = Object.entries(declared).flatMap(([name, types]) =>
    types.map((type) => ({ module: name in ext ? "wasm_bpf_ext" : "wasm_bpf", name, type }))
  );
  splitCalls(imports, list, { operate: note, poll: note, read: note });
  return { imports: { ...imports.wasm_bpf, ...imports.wasm_bpf_ext }, calls };
}

Deno.test("splitCalls() passes both halves of flags and handles", () => {
  const { imports, calls } = split({
    "wasm_bpf_map_operate": [OPERATE],
    "wasm_bpf_buffer_poll": [POLL],
    "buffer_read": [READ],
  });
  assert.equal(imports["wasm_bpf_map_operate"]?.(1, 2, 3, 4, 5, 0x1_0000_0007n), 1);
  assert.equal(imports["wasm_bpf_buffer_poll"]?.(-2n, 1, 2, 3, 4, 5, 6), 2);
  assert.equal(imports["buffer_read"]?.(0x2_0000_0003n, 1, 2, 3, 4), 3);
  assert.deepEqual(calls, [
    [1, 2, 3, 4, 5, 7, 1],
    [-2, -1, 1, 2, 3, 4, 5, 6],
    [3, 2, 1, 2, 3, 4],
  ]);
});

Deno.test("splitCalls() leaves functions of other declarations alone", () => {
  for (const types of [[], [WIDE_OPERATE], [OPERATE, WIDE_OPERATE]]) {
    const { imports } = split({ "wasm_bpf_map_operate": types });
    assert.equal(imports["wasm_bpf_map_operate"]?.(), -1, types.join(" "));
    assert.equal(imports["wasm_bpf_buffer_poll"]?.(), -1);
    assert.equal(imports["buffer_read"]?.(), -1);
  }
});
