import assert from "node:assert/strict";
import { BtfBuilder } from "../../tests/support/btf_builder.ts";
import { Btf, Kind } from "../btf/mod.ts";
import { valueBytes, ValueError, valueText } from "./values.ts";

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

Deno.test("valueBytes() keeps all digits of durations, and refuses what does not fit", () => {
  const btf = new BtfBuilder();
  const u64 = btf.int("unsigned long long", 8);
  const float = btf.raw({ name: "float", kind: Kind.Float, word: 4 });
  const double = btf.raw({ name: "double", kind: Kind.Float, word: 8 });
  const types = new Btf(btf.bytes());
  const bytesOf = (name: string, type: number, text: string) =>
    new DataView(valueBytes(types, { name, type }, text).buffer);
  const microseconds = (text: string) => bytesOf("min_us", u64, text).getBigUint64(0, true);
  assert.equal(microseconds("18446744073709551615us"), 18446744073709551615n);
  assert.equal(microseconds("9007199254740993ms"), 9007199254740993000n);
  assert.equal(microseconds("1.5ms"), 1500n);
  assert.equal(microseconds("1499ns"), 1n);
  assert.equal(microseconds("1500ns"), 2n);
  assert.equal(bytesOf("x", double, "-Infinity").getFloat64(0, true), -Infinity);
  for (
    const [name, type, text] of [
      ["min_us", u64, `${"9".repeat(400)}s`],
      ["min_us", u64, `1.${"9".repeat(400)}s`],
      ["min_us", u64, "18446744073709551616us"],
      ["x", u64, `${"9".repeat(400)}k`],
      ["x", float, "1e300"],
      ["x", double, "1e999"],
    ] as const
  ) assert.throws(() => bytesOf(name, type, text), ValueError, `${name} ${text.slice(0, 30)}`);
});
