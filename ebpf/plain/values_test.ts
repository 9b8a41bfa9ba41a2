import assert from "node:assert/strict";
import { BtfBuilder } from "../../tests/support/btf_builder.ts";
import { Btf, Kind } from "../btf/mod.ts";
import { valueText } from "./values.ts";

Deno.test("valueText() shows floating-point numbers of four and eight bytes alone", () => {
  for (const [size, text] of [[2, ""], [4, "0"], [8, "0"], [12, ""], [16, ""]] as const) {
    const btf = new BtfBuilder();
    btf.raw({ name: "real", kind: Kind.Float, word: size });
    assert.equal(valueText(new Btf(btf.bytes()), 1, new Uint8Array(size)), text);
  }
  const btf = new BtfBuilder();
  btf.raw({ name: "float", kind: Kind.Float, word: 4 });
  const bytes = new Uint8Array(new Float32Array([0.5]).buffer);
  assert.equal(valueText(new Btf(btf.bytes()), 1, bytes), "0.5");
});
