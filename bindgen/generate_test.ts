import assert from "node:assert/strict";
import { BtfBuilder } from "../tests/support/btf_builder.ts";
import { generate } from "./mod.ts";

function event(): Uint8Array<ArrayBuffer> {
  const btf = new BtfBuilder();
  const u64 = btf.int("unsigned long", 8);
  const pointer = btf.pointer(btf.record("other", 8, [{ name: "a", type: u64, bitOffset: 0 }]));
  btf.record("event", 16, [
    { name: "time", type: u64, bitOffset: 0 },
    { name: "other", type: pointer, bitOffset: 64 },
  ]);
  return btf.bytes();
}

Deno.test("generate() emits a type and the types inside it only", () => {
  const { text } = generate(event(), { target: "c", source: "a/x.bpf.o", types: ["event"] });
  assert.match(
    text,
    /struct event \{\n\tuint64_t time;\n\tuint64_t other; \/\* struct other \* \*\//,
  );
  assert.doesNotMatch(text, /struct other \{/);
  assert.match(text, /sizeof\(struct event\) == 16/);
});

Deno.test("generate() makes all types of raw BTF by default", () => {
  const { text } = generate(event(), { target: "c", source: "" });
  assert.match(text, /struct other \{/);
});

Deno.test("generate() reports a type that is not found", () => {
  const options = { target: "c", source: "", types: ["union event"] } as const;
  assert.throws(() => generate(event(), options), { name: "BindgenError", code: "NO_TYPE" });
});

Deno.test("generate() makes no skeleton of BTF alone", () => {
  const options = { target: "skeleton", source: "" } as const;
  assert.throws(() => generate(event(), options), { name: "BindgenError", code: "NO_OBJECT" });
});

Deno.test("generate() names its version and its source in the first lines", () => {
  const { text } = generate(event(), { target: "c", source: "dir/x*/.bpf.o" });
  assert.match(text, /^\/\*\n \* Made by wasm-bpf [\d.]+ from \.bpf\.o: wasm-bpf gen c\./);
});
