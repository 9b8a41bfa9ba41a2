import assert from "node:assert/strict";
import { isPlain } from "./features.ts";
import { compileGuest } from "./module.ts";

/** Builds a module that imports a function of no parameters and results. */
function importing(module: string, name: string): Uint8Array<ArrayBuffer> {
  const text = (words: string) => [words.length, ...new TextEncoder().encode(words)];
  const section = (id: number, bytes: number[]) => [id, bytes.length, ...bytes];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 0, 0]),
    ...section(2, [1, ...text(module), ...text(name), 0, 0]),
  ]);
}

for (
  const [module, name, expected] of [
    ["wasm_bpf", "wasm_load_bpf_object", true],
    ["wasm_bpf_ext", "local_offset", true],
    ["callback-wrapper", "wasm_bpf_buffer_poll", true],
    ["wasi_snapshot_preview1", "fd_write", true],
    ["wasi_snapshot_preview1", "path_open", false],
    ["wasi_unstable", "fd_write", false],
    ["env", "log", false],
  ] as const
) {
  Deno.test(`isPlain() returns ${expected} when a module imports ${name} of ${module}`, () => {
    const guest = compileGuest(importing(module, name), "test.wasm");
    assert.equal(isPlain(guest, "callback-wrapper"), expected);
  });
}
