import assert from "node:assert/strict";
import { whoProvides } from "./providers.ts";

/** Import modules that guests of other hosts have, and a word that their hint must hold. */
const KNOWN: readonly (readonly [string, RegExp])[] = [
  ["wasm_bpf", /spelling/],
  ["wasm_bpf_ext", /extensions/],
  ["wasi_snapshot_preview1", /preview 1/],
  ["wasi_unstable", /snapshot 0/],
  ["wasi:cli/run@0.2.0", /wasm32-wasip1/],
  ["wasi", /threads/],
  ["wasi_nn", /wasi-nn/],
  ["wasi_ephemeral_nn", /wasi-nn/],
  ["go", /GOOS=wasip1/],
  ["gojs", /GOOS=wasip1/],
  ["wbg", /wasm-bindgen/],
  ["__wbindgen_placeholder__", /wasm-bindgen/],
  ["a", /Emscripten/],
  ["env", /--allow-undefined/],
];

for (const [module, hint] of KNOWN) {
  Deno.test(`whoProvides() knows ${module}`, () => assert.match(whoProvides(module) ?? "", hint));
}

Deno.test("whoProvides() returns undefined for unknown modules", () => {
  for (
    const module of ["", "host", "environment", "xwasi:cli", "wasm_bpf_", "ENV", "constructor"]
  ) {
    assert.equal(whoProvides(module), undefined, module);
  }
});

Deno.test("whoProvides() returns one clause: no capital, no full stop", () => {
  for (const [module] of KNOWN) {
    assert.match(whoProvides(module) ?? "", /^[a-z][^\n]*[^.\n]$/, module);
  }
});
