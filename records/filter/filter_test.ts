import assert from "node:assert/strict";
import { Btf, Kind } from "../../ebpf/btf/mod.ts";
import { BtfBuilder } from "../../tests/support/btf_builder.ts";
import { loadFilter, RecordsError, type Schema, schemaOf } from "../mod.ts";

/** Record with a number of each kind, an enum, text and an address. */
function schema(): Schema {
  const builder = new BtfBuilder();
  const i64 = builder.int("long long", 8, 1);
  const u64 = builder.int("unsigned long long", 8);
  const i32 = builder.int("int", 4, 1);
  const f64 = builder.raw({ name: "double", kind: Kind.Float, word: 8 });
  const char = builder.int("char", 1, 1);
  const comm = builder.array(char, 8);
  const byte = builder.int("unsigned char", 1);
  const four = builder.array(builder.typedef("__u8", byte), 4);
  const state = builder.raw(
    { name: "state", kind: Kind.Enum, vlen: 2, word: 4 },
    ...[builder.string("OPEN"), 1, builder.string("CLOSED"), 2],
  );
  const names = ["delta", "count", "ret", "state", "load", "comm", "saddr", "namespace"];
  const types = [i64, u64, i32, state, f64, comm, four, i32];
  const offsets = [0, 8, 16, 20, 24, 32, 40, 44];
  const members = names.map((name, i) => ({
    name,
    type: types[i] ?? 0,
    bitOffset: (offsets[i] ?? 0) * 8,
  }));
  const id = builder.record("record", 48, members);
  return schemaOf(new Btf(builder.bytes()), id);
}

const bytes = new Uint8Array(48);
const view = new DataView(bytes.buffer);
view.setBigInt64(0, -5n, true);
view.setBigUint64(8, 2n ** 63n + 7n, true);
view.setInt32(16, -2, true);
view.setInt32(20, 2, true);
view.setFloat64(24, 0.5, true);
bytes.set(new TextEncoder().encode("bäsh"), 32);
bytes.set([10, 0, 0, 1], 40);
view.setInt32(44, 3, true);

async function matches(text: string): Promise<boolean> {
  return (await loadFilter(text)).compile(schema(), "rb")(bytes, view, 0);
}

const TRUE = [
  "delta == -5",
  "delta < 0 && delta > -6 && delta >= -5 && delta <= -5",
  "-5 == delta",
  "delta != 4294967291",
  "count == 9223372036854775815u",
  "count > 9223372036854775807",
  "count >= 1u && !(count < 5u)",
  "ret == -2 || ret == 7",
  "ret in [1, -2]",
  "ret > -99999999999",
  'state == "CLOSED"',
  'state != "OPEN" && state == 2',
  "load < 1.0 && load == 0.5",
  'comm == "bäsh"',
  'comm != "bäs" && comm != "bäsh2"',
  'comm.startsWith("bä") && comm.endsWith("sh") && comm.contains("äs")',
  'comm > "b" && comm < "c"',
  "size(comm) == 4 && comm.size() == 4",
  'comm.matches("^b.*h$")',
  'saddr == "10.0.0.1"',
  'saddr.startsWith("10.")',
  "pod_namespace == 3",
  "[1, 2].exists(x, x == ret * -1)",
  "ret + 3 == 1",
  "ret < 0 ? true : false",
  '"" != comm',
];

const FALSE = [
  "delta > 0",
  "delta == 18446744073709551611u",
  "count < 9223372036854775808u",
  "ret == 4294967294",
  'state == "OPEN"',
  'comm == "bash"',
  'comm.startsWith("longer than the field")',
  'comm.contains("\\u0000")',
  "ret in []",
  "1 / (ret + 2) == 1",
];

for (const text of TRUE) {
  Deno.test(`loadFilter() keeps a record that matches ${text}`, async () => {
    assert.equal(await matches(text), true);
  });
}
for (const text of FALSE) {
  Deno.test(`loadFilter() drops a record that does not match ${text}`, async () => {
    assert.equal(await matches(text), false);
  });
}

const WRONG = [
  ["ret ==", "BAD_FILTER"],
  ["ret =! 1", "BAD_FILTER"],
  ["ret", "BAD_FILTER"],
  ["ret && true", "BAD_FILTER"],
  ['ret == "x"', "BAD_FILTER"],
  ["comm == 1", "BAD_FILTER"],
  ['state == "CLOSE"', "BAD_FILTER"],
  ['state < "OPEN"', "BAD_FILTER"],
  ["rett == 1", "UNKNOWN_FIELD"],
  ["rett + 1 == 1", "UNKNOWN_FIELD"],
  ["unknown(ret) == 1", "BAD_FILTER"],
  ["(".repeat(20_000), "BAD_FILTER"],
  ["!".repeat(5_000) + "true", "BAD_FILTER"],
] as const;

for (const [text, code] of WRONG) {
  Deno.test(`loadFilter() refuses ${text.slice(0, 20)} with ${code}`, async () => {
    await assert.rejects(
      matches(text),
      (error) => error instanceof RecordsError && error.code === code,
    );
  });
}

Deno.test("loadFilter() suggests the nearest field", async () => {
  await assert.rejects(
    matches("comn == 'x'"),
    (error) => error instanceof RecordsError && /"comm"/.test(error.hint ?? ""),
  );
});

Deno.test("loadFilter() reports the place of an error, and the name that is missing", async () => {
  const failed = async (text: string): Promise<RecordsError> => {
    try {
      (await loadFilter(text)).compile(schema(), "rb");
    } catch (error) {
      if (error instanceof RecordsError) return error;
      throw error;
    }
    throw new Error(`"${text}" is a filter`);
  };
  for (
    const [text, place] of [
      ['comm == "x', 9],
      ["ret = 7", 5],
      ["ret ==\n 7 7", 11],
      ['comm == "漢" &', 13],
      ["ret == ", 8],
      ["(ret == 1", 10],
      ["foo(ret) == 1", 1],
      ['ret == 1 && comm + 1 == "x"', 13],
    ] as const
  ) {
    const { code, message } = await failed(text);
    assert.equal(code, "BAD_FILTER", message);
    assert.match(message, new RegExp(` at character ${place}$`));
  }
  assert.match((await failed("ret = 7")).hint ?? "", /==/);
  for (
    const [text, name] of [
      ["size(comm) == 4 && has(com.y)", "com.y"],
      ['ret == 7 ? comn == "x" : delta % 2 == 1', "comn"],
      ['comm.matches("b") && comn == "x"', "comn"],
      ["rett % 2 == 1", "rett"],
    ] as const
  ) {
    const { code, message, hint } = await failed(text);
    assert.equal(code, "UNKNOWN_FIELD", message);
    assert.match(message, new RegExp(`"${name}"`));
    assert.match(hint ?? "", /did you mean "(comm|ret)"\?/);
  }
});

Deno.test("loadFilter() takes names of macros and types, which are no fields", async () => {
  assert.equal(await matches("[1, -2].exists(each, each == ret)"), true);
  assert.equal(await matches("type(ret) == int && [ret].all(x, x < 0)"), true);
});

Deno.test("loadFilter() refuses a text where hexadecimal digits are shown of a number", async () => {
  for (const format of ["hex", "addr", "oct"] as const) {
    const { fields, ...rest } = schema();
    const shown = fields.map((field) =>
      field.name === "count" ? { ...field, format: { name: format } } : field
    );
    const filter = await loadFilter('count == "0x8000000000000007"');
    assert.throws(
      () => filter.compile({ ...rest, fields: shown }, "events"),
      (error) => error instanceof RecordsError && error.code === "BAD_FILTER",
    );
  }
});
