import assert from "node:assert/strict";
import createWabt from "wabt";
import { ModuleError } from "./errors.ts";
import { compileGuest } from "./module.ts";
import { extensionImports } from "./wasm_bpf/ext/mod.ts";
import {
  BPF_SIGNATURES,
  checkSignatures,
  EXTENSION_SIGNATURES,
  WASI_SIGNATURES,
  WRAPPER_SIGNATURES,
} from "./signatures.ts";
import { WASI_FUNCTIONS } from "./wasi/mod.ts";

const wabt = await createWabt();

/** Checks a module that imports one function of that type. */
function check(module: string, name: string, type: string): void {
  const text = `(module (import "${module}" "${name}" (func ${type})))`;
  const parsed = wabt.parseWat("guest.wat", text, {});
  const bytes = new Uint8Array(parsed.toBinary({}).buffer);
  parsed.destroy();
  checkSignatures(compileGuest(bytes, "guest.wasm"), {
    "wasm_bpf": BPF_SIGNATURES,
    "wasi_snapshot_preview1": WASI_SIGNATURES,
  });
}

Deno.test("checkSignatures() takes both declarations of wasm_bpf_map_operate", () => {
  check("wasm_bpf", "wasm_bpf_map_operate", "(param i32 i32 i32 i32 i32 i64) (result i32)");
  check("wasm_bpf", "wasm_bpf_map_operate", "(param i32 i32 i64 i64 i64 i64) (result i32)");
});

Deno.test("checkSignatures() shows both types of a function declared otherwise", () => {
  assert.throws(
    () => check("wasm_bpf", "wasm_load_bpf_object", "(param i32 i32) (result i32)"),
    (error: ModuleError) => {
      assert.equal(error.code, "MODULE_IMPORT");
      assert.match(error.message, /as \(i32, i32\) -> i32, but it is \(i32, i32\) -> i64$/);
      return true;
    },
  );
  assert.throws(
    () => check("wasm_bpf", "wasm_bpf_map_operate", "(param i32) (result i32)"),
    /but it is \(i32, .*\) -> i32 or \(i32, i32, i64, i64, i64, i64\) -> i32$/,
  );
  assert.throws(
    () => check("wasi_snapshot_preview1", "proc_exit", "(param i32) (result i32)"),
    /as \(i32\) -> i32, but it is \(i32\) -> \(\)$/,
  );
});

Deno.test("checkSignatures() leaves alone what it does not know", () => {
  check("wasm_bpf", "constructor", "(param f64)");
  check("host", "wasm_load_bpf_object", "(param f64)");
  check("__proto__", "toString", "(param f64)");
});

Deno.test("WASI_SIGNATURES has every function of the specification, in its order", () => {
  assert.deepEqual(Object.keys(WASI_SIGNATURES), [...WASI_FUNCTIONS]);
});

Deno.test("EXTENSION_SIGNATURES has every function of wasm_bpf_ext and no other", () => {
  const provided = extensionImports({} as Parameters<typeof extensionImports>[0]);
  assert.deepEqual(Object.keys(EXTENSION_SIGNATURES).sort(), Object.keys(provided).sort());
});

Deno.test("the signatures are those of docs/guest-abi.md", async () => {
  const text = await Deno.readTextFile(new URL("../docs/guest-abi.md", import.meta.url));
  const headings = [...text.matchAll(/^#{3,4} `(\w+)\(.*\)`: `\((.*)\) -> (\w+)`$/gm)];
  assert.ok(headings.length > 15);
  const letters = (types = "") => types.replaceAll("i32", "i").replaceAll("i64", "I");
  const documented = headings.map(([, name = "", parameters, result]) => [
    name,
    `${letters(parameters).replaceAll(" ", "")}:${letters(result)}`,
  ]);
  const ours = { ...BPF_SIGNATURES, ...EXTENSION_SIGNATURES };
  for (const [name = "", type = ""] of documented) {
    if (type === WRAPPER_SIGNATURES[name]) continue;
    assert.ok(ours[name]?.split(" ").includes(type), `${name}: ${type}`);
  }
});
