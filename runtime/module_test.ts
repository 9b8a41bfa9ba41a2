import assert from "node:assert/strict";
import createWabt from "wabt";
import { checkGuest, compileGuest, whoProvides } from "./module.ts";

const wabt = await createWabt();

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const MEMORY = `(memory (export "memory") 1)`;
const START = `(func (export "_start"))`;
const PROVIDED = { "host": { "call": () => {} } };

function assemble(body: string): Uint8Array<ArrayBuffer> {
  const parsed = wabt.parseWat("guest.wat", `(module ${body})`, { threads: true });
  try {
    return new Uint8Array(parsed.toBinary({}).buffer);
  } finally {
    parsed.destroy();
  }
}

/** Compiles and checks a module made of `body`. */
function check(body: string, provided: WebAssembly.Imports = PROVIDED): void {
  checkGuest(compileGuest(assemble(body), "guest.wasm"), provided);
}

interface Refusal extends Error {
  code: string;
  hint?: string;
}

function refusal(run: () => void): Refusal {
  try {
    run();
  } catch (error) {
    assert.equal((error as Error).name, "ModuleError");
    return error as Refusal;
  }
  assert.fail("it was accepted");
}

function compileRefusal(...bytes: number[]): Refusal {
  return refusal(() => compileGuest(Uint8Array.from(bytes), "guest.wasm"));
}

const bytesOf = (text: string) => [...new TextEncoder().encode(text)];

Deno.test("compileGuest() takes the smallest module", () => {
  assert.equal(compileGuest(Uint8Array.from(HEADER), "x.wasm").name, "x.wasm");
});

Deno.test("compileGuest() takes bytes in the middle of a buffer", () => {
  const module = assemble(`${MEMORY} ${START}`);
  const around = new Uint8Array(module.length + 20).fill(0xff);
  around.set(module, 7);
  checkGuest(compileGuest(around.subarray(7, 7 + module.length), "x.wasm"), {});
});

Deno.test("compileGuest() refuses an empty file", () => {
  assert.equal(compileRefusal().code, "MODULE_EMPTY");
});

for (
  const [title, bytes, hint] of [
    ["a shell script", bytesOf("#!/bin/sh\necho hello\n"), /\.wasm file/],
    ["an ELF file", bytesOf("\x7fELF\x02\x01\x01\0\0\0\0\0"), /ELF/],
    ["WebAssembly text", bytesOf('(module (memory (export "memory") 1))'), /wat2wasm/],
    ["WebAssembly text after a comment", bytesOf(";; a guest\n(module)"), /wat2wasm/],
    ["a gzip file", [0x1f, 0x8b, 0x08, 0x00, 0x00], /unpack/],
    ["a zstd file", [0x28, 0xb5, 0x2f, 0xfd, 0x00], /unpack/],
    ["zeros", Array(64).fill(0), /\.wasm file/],
  ] as const
) {
  Deno.test(`compileGuest() refuses ${title}, with a hint`, () => {
    const { code, hint: said } = compileRefusal(...bytes);
    assert.equal(code, "MODULE_NOT_WASM");
    assert.match(said ?? "", hint);
  });
}

Deno.test("compileGuest() refuses a component, of today and of later", () => {
  for (const version of [0x0d, 0x01, 0x20]) {
    const { code } = compileRefusal(...HEADER.slice(0, 4), version, 0, 1, 0);
    assert.equal(code, "MODULE_COMPONENT");
  }
});

Deno.test("compileGuest() refuses another version of WebAssembly", () => {
  for (const version of [[0, 0, 0, 0], [2, 0, 0, 0], [1, 0, 2, 0], [0xff, 0xff, 0xff, 0xff]]) {
    assert.equal(compileRefusal(...HEADER.slice(0, 4), ...version).code, "MODULE_INVALID");
  }
});

Deno.test("compileGuest() refuses a truncated header at its offset", () => {
  for (const size of [4, 5, 6, 7]) {
    const { code, message } = compileRefusal(...HEADER.slice(0, size));
    assert.equal(code, "MODULE_INVALID");
    assert.match(message, new RegExp(`\\b${size} bytes`));
  }
});

Deno.test("compileGuest() or checkGuest() refuses every beginning of a module", () => {
  const module = assemble(`(import "host" "call" (func $call (param i32) (result i64)))
    ${MEMORY} (table 1 funcref) (global (mut i32) (i32.const 7))
    (func $run (export "_start") (drop (call $call (i32.const 0))))
    (elem (i32.const 0) $run)`);
  checkGuest(compileGuest(module, "whole.wasm"), PROVIDED);
  for (let size = 0; size < module.length; size++) {
    refusal(() => checkGuest(compileGuest(module.slice(0, size), "cut.wasm"), PROVIDED));
  }
});

Deno.test("compileGuest() reports V8's reason without its prefix", () => {
  const { code, message } = compileRefusal(...HEADER, 0x01, 0x7f);
  assert.equal(code, "MODULE_INVALID");
  assert.doesNotMatch(message, /WebAssembly\.Module\(\)/);
});

Deno.test("compileGuest() refuses or compiles a module with a damaged byte, and does nothing else", () => {
  const module = assemble(`(import "host" "call" (func $call)) ${MEMORY}
    (func (export "_start") (call $call)) (data (i32.const 0) "text")`);
  for (let at = 0; at < module.length; at++) {
    for (const flip of [0x01, 0x80, 0xff]) {
      const damaged = module.slice();
      damaged[at] = (damaged[at] ?? 0) ^ flip;
      try {
        checkGuest(compileGuest(damaged, "damaged.wasm"), PROVIDED);
      } catch (error) {
        assert.equal((error as Error).name, "ModuleError", `byte ${at}`);
      }
    }
  }
});

Deno.test("checkGuest() takes a guest that has what it needs", () => {
  check(`(import "host" "call" (func)) ${MEMORY} ${START}`);
});

Deno.test("checkGuest() names the import that is missing, and its module", () => {
  for (const [module, name] of [["host", "missing"], ["nowhere", "call"], ["", ""]]) {
    const { code, message, hint } = refusal(() =>
      check(`(import "${module}" "${name}" (func)) ${MEMORY} ${START}`)
    );
    assert.equal(code, "MODULE_IMPORT");
    assert.ok(message.includes(`"${name}"`) && message.includes(`"${module}"`), message);
    assert.ok(hint);
  }
});

Deno.test("checkGuest() counts the missing imports after the first", () => {
  const { message } = refusal(() =>
    check(`(import "a" "x" (func)) (import "host" "call" (func)) (import "b" "y" (func))
      (import "c" "z" (func)) ${MEMORY} ${START}`)
  );
  assert.match(message, /"x".*\b2 more/);
});

Deno.test("checkGuest() finds none of JavaScript's own properties", () => {
  const names = ["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf"];
  for (const provided of [PROVIDED, Object.assign(Object.create(null), PROVIDED)]) {
    for (const name of names) {
      for (const [module, field] of [["host", name], [name, "call"], [name, name]]) {
        const { code } = refusal(() =>
          check(`(import "${module}" "${field}" (func)) ${MEMORY} ${START}`, provided)
        );
        assert.equal(code, "MODULE_IMPORT", `${module} ${field}`);
      }
    }
  }
});

for (
  const [kind, type] of [
    ["memory", "(memory 1)"],
    ["memory", "(memory 1 2 shared)"],
    ["table", "(table 1 funcref)"],
    ["global", "(global i32)"],
  ] as const
) {
  Deno.test(`checkGuest() refuses to import a ${kind}: ${type}`, () => {
    const { code, message } = refusal(() =>
      check(`(import "host" "call" ${type}) (func (export "_start"))`)
    );
    assert.equal(code, "MODULE_IMPORT");
    assert.ok(message.includes(`missing import: ${kind} "call"`), message);
  });
}

Deno.test("checkGuest() refuses a guest without a memory", () => {
  for (const body of [START, `(memory 1) ${START}`, `(memory (export "mem") 1) ${START}`]) {
    const { code, message } = refusal(() => check(body));
    assert.equal(code, "MODULE_EXPORT");
    assert.match(message, /"memory"/);
  }
});

Deno.test('checkGuest() refuses a "memory" that is a function', () => {
  const { code } = refusal(() => check(`(memory 1) (func (export "memory")) ${START}`));
  assert.equal(code, "MODULE_EXPORT");
});

Deno.test("checkGuest() refuses a guest without _start", () => {
  for (const body of [MEMORY, `${MEMORY} (global (export "_start") i32 (i32.const 0))`]) {
    const { code, message } = refusal(() => check(body));
    assert.equal(code, "MODULE_EXPORT");
    assert.match(message, /"_start"/);
  }
});

Deno.test("checkGuest() distinguishes a reactor from a module without a main function", () => {
  const reactor = refusal(() => check(`${MEMORY} (func (export "_initialize"))`));
  const other = refusal(() => check(MEMORY));
  assert.match(reactor.hint ?? "", /reactor/);
  assert.doesNotMatch(other.hint ?? "", /reactor/);
});

/** Import modules that guests of other hosts have, and a word that their hint must hold. */
const KNOWN: readonly (readonly [string, RegExp])[] = [
  ["wasm_bpf", /spelling/],
  ["wasm_bpf_ext", /newer wasm-bpf/],
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
