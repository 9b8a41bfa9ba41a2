import assert from "node:assert/strict";
import { BtfBuilder } from "../../tests/support/btf_builder.ts";
import { Btf } from "./btf.ts";
import { Kind } from "./btf_types.ts";
import { generate } from "../../bindgen/mod.ts";

function c(btf: BtfBuilder): string {
  return generate(btf.bytes(), { target: "c", source: "x.o" }).text;
}

Deno.test("type() decodes bit-fields with kind_flag", () => {
  const btf = new BtfBuilder();
  const int = btf.int("unsigned int", 4);
  btf.record("s", 4, [{ name: "a", type: int, bitOffset: 3, bits: 5 }]);
  const type = new Btf(btf.bytes()).type(2);
  assert.ok(type.kind === "struct");
  assert.deepEqual(type.members, [{ name: "a", type: int, bitOffset: 3, bits: 5 }]);
});

Deno.test("type() decodes bit-fields without kind_flag from their integer's type", () => {
  const btf = new BtfBuilder();
  // 5 bits from bit 3 on of an unsigned int, in the encoding of compilers before LLVM 8.
  const field = btf.raw({ name: "unsigned int", kind: Kind.Int, word: 4 }, 3 << 16 | 5);
  btf.record("s", 4, [{ name: "a", type: field, bitOffset: 8 }]);
  assert.match(c(btf), /\tuint8_t _pad_0\[1\];\n\tuint8_t : 3;\n\tuint32_t a : 5;\n/);
});

Deno.test("type() takes an enumeration's sign from its flag, or from its values", () => {
  const enumeration = (values: number[], flag: boolean) => {
    const btf = new BtfBuilder();
    const tail = values.flatMap((value, i) => [btf.string(`V${i}`), value]);
    btf.raw({ name: "e", kind: Kind.Enum, vlen: values.length, flag, word: 4 }, ...tail);
    const type = new Btf(btf.bytes()).type(1);
    assert.ok(type.kind === "enum");
    return type.values.map(({ value }) => value);
  };
  assert.deepEqual(enumeration([0, 0xffffffff], true), [0n, -1n]);
  assert.deepEqual(enumeration([0, 0xffffffff], false), [0n, -1n]);
  assert.deepEqual(enumeration([0x80000000, 0xffffffff], true), [-0x80000000n, -1n]);
  assert.deepEqual(enumeration([0x80000000, 0xffffffff], false), [0x80000000n, 0xffffffffn]);
});

Deno.test("type() takes enumerations as unsigned when others have the sign flag", () => {
  const btf = new BtfBuilder();
  const [a, b] = [btf.string("A"), btf.string("B")];
  btf.raw({ name: "plain", kind: Kind.Enum, vlen: 1, word: 4 }, a, 0xffffff00);
  btf.raw({ name: "signed", kind: Kind.Enum, vlen: 1, flag: true, word: 4 }, b, 0xffffff00);
  assert.match(c(btf), /A = 0xffffff00U,[^]*B = -256,/);
});

Deno.test("enumerations of 64 bits are whole, or have no values", () => {
  const btf = new BtfBuilder();
  const name = btf.string("BIG");
  btf.raw({ name: "new", kind: Kind.Enum64, vlen: 1, flag: true, word: 8 }, name, 1, 0x80000000);
  btf.raw({ name: "old", kind: Kind.Enum, vlen: 1, word: 8 }, name, 1);
  const types = new Btf(btf.bytes());
  const values = (id: number) => {
    const type = types.type(id);
    return type.kind === "enum" ? type.values.map(({ value }) => value) : undefined;
  };
  assert.deepEqual(values(1), [-(1n << 63n) + 1n]);
  assert.deepEqual(values(2), []);
});

Deno.test("floating-point numbers have the sizes that the kernel takes", () => {
  for (
    const [bytes, isTaken] of [[0, false], [1, false], [2, true], [3, false], [4, true]] as const
  ) {
    const btf = new BtfBuilder();
    btf.raw({ name: "real", kind: Kind.Float, word: bytes });
    const types = new Btf(btf.bytes());
    if (isTaken) assert.deepEqual(types.type(1), { kind: "float", name: "real", bytes });
    else assert.throws(() => types.type(1), { code: "BAD_BTF", message: /real" has/ });
  }
});

Deno.test("find() matches whole names of the requested kinds", () => {
  const btf = new BtfBuilder();
  btf.record("event", 0, []);
  btf.record("event_more", 0, []);
  btf.raw({ name: "event", kind: Kind.Fwd });
  const types = new Btf(btf.bytes());
  assert.deepEqual(types.find("event", (kind) => kind === Kind.Struct), [1]);
  assert.deepEqual(types.find("event", () => true), [1, 3]);
  assert.deepEqual(types.find("even", () => true), []);
});

Deno.test("generate() explains a type that is only declared", () => {
  const btf = new BtfBuilder();
  btf.raw({ name: "far", kind: Kind.Fwd });
  assert.throws(() => generate(btf.bytes(), { target: "c", source: "", types: ["struct far"] }), {
    code: "NO_TYPE",
    hint: /declared, but not defined/,
  });
});

Deno.test("generate() keeps typedefs of numbers that are requested", () => {
  const btf = new BtfBuilder();
  btf.typedef("my_id", btf.typedef("u32", btf.int("unsigned int", 4)));
  const options = { target: "c", source: "", types: ["my_id"] } as const;
  assert.match(generate(btf.bytes(), options).text, /\ntypedef uint32_t my_id;\n/);
});
