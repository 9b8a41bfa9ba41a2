/** Groups of records and order of rows, for fields of every kind. */
import assert from "node:assert/strict";
import { Aggregator } from "./aggregate.ts";
import { Btf } from "../ebpf/btf/mod.ts";
import { BtfBuilder } from "../tests/support/btf_builder.ts";
import {
  Output,
  parseAggregate,
  parseSort,
  RecordsError,
  type Schema,
  schemaFromText,
  schemaOf,
} from "./mod.ts";

/** Returns the lines of JSON that records make. */
function linesOf(
  schema: Schema,
  records: readonly Uint8Array[],
  options: { aggregate?: string; sort?: string; as?: "stream" | "table"; filter?: boolean },
): Record<string, unknown>[] {
  let text = "";
  const write = (bytes: Uint8Array) => void (text += new TextDecoder().decode(bytes));
  const { aggregate, sort } = options;
  const output = new Output({
    sinks: [{ format: "jsonl", write }],
    aggregate: aggregate === undefined ? undefined : parseAggregate(aggregate),
    sort: sort === undefined ? undefined : parseSort(sort),
  });
  const bytes = new Uint8Array(records.flatMap((record) => [...record]));
  if (options.as === "table") output.table("events", schema).rows(bytes);
  else output.stream("events", schema).write(bytes, "packed");
  output.end();
  return text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

function little(value: bigint, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, i) => Number(value >> BigInt(8 * i) & 255n));
}

const ADDRESSES = schemaFromText("u16 family; u8 saddr[16]; u8 n; u8 pad", "event");

function address(family: number, saddr: number[], rest: number): Uint8Array {
  const tail = Array.from({ length: 16 - saddr.length }, () => rest);
  return Uint8Array.from([family, 0, ...saddr, ...tail, rest, 0]);
}

for (const as of ["stream", "table"] as const) {
  Deno.test(`groups of a ${as} keep the family of addresses`, () => {
    const records = [
      address(2, [10, 0, 0, 1], 3),
      address(2, [10, 0, 0, 1], 7),
      address(10, [32, 1, 0, 1], 0),
    ];
    assert.deepEqual(linesOf(ADDRESSES, records, { aggregate: "saddr,count,sum(n)", as }), [
      { saddr: "10.0.0.1", count: 2, sum_n: 10 },
      { saddr: "2001:1::", count: 1, sum_n: 0 },
    ]);
  });
}

/** `struct { u32 low:3; s32 middle:5; u32 rest:24; u64 wide:40; s64 top:24; }` */
function bitSchema(): Schema {
  const b = new BtfBuilder();
  const [u32, s32] = [b.int("unsigned int", 4), b.int("int", 4, 1)];
  const [u64, s64] = [b.int("unsigned long long", 8), b.int("long long", 8, 1)];
  const id = b.record("bits", 16, [
    { name: "low", type: u32, bitOffset: 0, bits: 3 },
    { name: "middle", type: s32, bitOffset: 3, bits: 5 },
    { name: "rest", type: u32, bitOffset: 8, bits: 24 },
    { name: "wide", type: u64, bitOffset: 64, bits: 40 },
    { name: "top", type: s64, bitOffset: 104, bits: 24 },
  ]);
  return schemaOf(new Btf(b.bytes()), id);
}

function bitRecord(low: bigint, middle: bigint, wide: bigint, rest: bigint): Uint8Array {
  const first = low | BigInt.asUintN(5, middle) << 3n | rest << 8n;
  return Uint8Array.from([...little(first, 8), ...little(wide | 0xfffffen << 40n, 8)]);
}

Deno.test("groups of a bit-field look at its bits alone", () => {
  const records = [bitRecord(5n, -3n, 1n << 39n, 1n), bitRecord(5n, -3n, 1n, 2n)];
  const bits = bitSchema();
  for (const [name, value] of [["low", 5], ["middle", -3], ["top", -2]]) {
    assert.deepEqual(linesOf(bits, records, { aggregate: `${name},count` }), [
      { [`${name}`]: value, count: 2 },
    ]);
  }
  assert.deepEqual(linesOf(bits, records, { aggregate: "max(wide),sum(middle),sum(top)" }), [
    { max_wide: 2 ** 39, sum_middle: -6, sum_top: -4 },
  ]);
});

/** `struct { char args[8]; u32 args_size; }` */
function wordsSchema(): Schema {
  const b = new BtfBuilder();
  const id = b.record("words", 12, [
    { name: "args", type: b.array(b.int("char", 1, 1), 8), bitOffset: 0 },
    { name: "args_size", type: b.int("unsigned int", 4), bitOffset: 64 },
  ]);
  return schemaOf(new Btf(b.bytes()), id);
}

Deno.test("groups of words look at the bytes that are used", () => {
  const words = (rest: number) => Uint8Array.from([97, 0, 98, 0, rest, rest, 0, 0, 4, 0, 0, 0]);
  assert.deepEqual(linesOf(wordsSchema(), [words(0), words(120)], { aggregate: "args,count" }), [
    { args: "a b", count: 2 },
  ]);
});

Deno.test("sums stay at the end of 64 bits", () => {
  const schema = schemaFromText("u64 n; s64 s", "event");
  const record = Uint8Array.from([...little((1n << 64n) - 1n, 8), ...little(-(1n << 63n), 8)]);
  const [line] = linesOf(schema, [record, record], { aggregate: "sum(n),sum(s)" });
  assert.deepEqual(line, { sum_n: 2 ** 64, sum_s: -(2 ** 63) });
});

Deno.test("groups beyond the limit are an error", () => {
  const schema = schemaFromText("u32 n", "event");
  const groups = new Aggregator(parseAggregate("n"), schema, "event", { groups: 2 });
  const bytes = Uint8Array.from([1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0]);
  const view = new DataView(bytes.buffer);
  for (const at of [0, 4, 8]) groups.add(bytes, view, at);
  assert.throws(
    () => groups.add(bytes, view, 12),
    (error) => error instanceof RecordsError && error.code === "BAD_RECORDS",
  );
});

Deno.test("histograms are not aggregated", () => {
  const output = new Output({ sinks: [], aggregate: parseAggregate("count") });
  const schema = schemaFromText("u32 slots[26]", "hists");
  assert.throws(
    () => output.histogram("hists", schema, { field: "slots", scale: { kind: "log2" } }),
    (error) => error instanceof RecordsError && error.code === "BAD_RECORDS",
  );
});

/** Members, and values in the order of their meaning, as little-endian integers. */
const ORDERS: readonly (readonly [member: string, bytes: number, values: readonly bigint[]])[] = [
  ["u16 v @be16", 2, [0n, 0x0100n, 0xff00n, 0x0101n]],
  ["u32 v @be32", 4, [0n, 0x0100_0000n, 0xff00_0000n, 0x0101_0000n]],
  ["u64 v @be64", 8, [0n, 1n << 56n, 255n << 56n, 0x0101n << 48n]],
  ["u32 v @ipv4", 4, [0x0100_0001n, 0x0000_0009n, 0x0100_000an]],
  ["__int128 v", 16, [-(1n << 127n), -300n, -1n, 0n, 255n, 256n, 1n << 100n]],
  ["unsigned __int128 v", 16, [0n, 255n, 257n, 1n << 64n, 1n << 127n]],
  ["u16 v[2]", 4, [0x0000_00ffn, 0x0001_00ffn, 0x0000_0100n]],
  ["s16 v[2]", 4, [0x0000_8000n, 0x0000_ffffn, 0x0000_0000n, 0x0000_0100n]],
  ["s8 v[2]", 2, [0x0080n, 0x00ffn, 0x0001n, 0x7f01n]],
  ["double v", 8, [0xfff0_0000_0000_0000n, 0n, 0x3ff0_0000_0000_0000n, 0x7ff0_0000_0000_0000n]],
];

for (const [member, bytes, values] of ORDERS) {
  Deno.test(`rows are sorted by ${member}`, () => {
    const schema = schemaFromText(`packed { ${member}; u8 place; }`, "event");
    const records = values.map((value, i) => Uint8Array.from([...little(value, bytes), i]));
    const expected = values.map((_, i) => i);
    for (const mixed of [records.toReversed(), [...records.slice(1), ...records.slice(0, 1)]]) {
      const lines = linesOf(schema, mixed, { sort: "v", as: "table" });
      assert.deepEqual(lines.map(({ place }) => place), expected);
    }
  });
}

Deno.test("rows are sorted by a signed bit-field of more than 32 bits", () => {
  const b = new BtfBuilder();
  const id = b.record("bits", 8, [
    { name: "v", type: b.int("long long", 8, 1), bitOffset: 0, bits: 40 },
    { name: "place", type: b.int("long long", 8, 1), bitOffset: 40, bits: 24 },
  ]);
  const schema = schemaOf(new Btf(b.bytes()), id);
  const records = [-1500n, -500n, 500n, 1n << 38n].map((value, i) =>
    Uint8Array.from(little(BigInt.asUintN(40, value) | BigInt(i) << 40n, 8))
  );
  const lines = linesOf(schema, records.toReversed(), { sort: "v", as: "table" });
  assert.deepEqual(lines.map(({ place }) => place), [0, 1, 2, 3]);
});

Deno.test("NaN does not disturb the order", () => {
  const schema = schemaFromText("double v; u32 place; u32 pad", "event");
  const values = [3, NaN, 1, NaN, 2].map((value, i) => {
    const record = new Uint8Array(16);
    const view = new DataView(record.buffer);
    view.setFloat64(0, value, true);
    view.setUint32(8, i, true);
    return record;
  });
  const lines = linesOf(schema, values, { sort: "v", as: "table" });
  assert.deepEqual(lines.map(({ place }) => place), [1, 3, 2, 4, 0]);
});

Deno.test("arrays of truth values are truth values", () => {
  const b = new BtfBuilder();
  const bool = b.int("_Bool", 1, 4);
  const id = b.record("event", 3, [{ name: "set", type: b.array(bool, 3), bitOffset: 0 }]);
  const [line] = linesOf(schemaOf(new Btf(b.bytes()), id), [Uint8Array.from([1, 0, 1])], {});
  assert.deepEqual(line, { set: [true, false, true] });
});

Deno.test("groups of user stacks are those of one process", () => {
  const schema = schemaFromText("u32 pid; u32 pad; u64 ustack[2] @ustack", "event");

  const record = (pid: number) =>
    Uint8Array.from([...little(BigInt(pid), 8), ...little(64n, 8), ...little(0n, 8)]);
  const lines = linesOf(schema, [record(1), record(2), record(1)], { aggregate: "ustack,count" });
  assert.deepEqual(lines.map(({ count }) => count), [2, 1]);
});

for (
  const [key, groups] of [["kstack[2] @kstack", 1], ["a @ksym", 1], ["a @usym", 2]] as const
) {
  Deno.test(`addresses of ${key} make ${groups} groups of two processes`, () => {
    const schema = schemaFromText(`u32 pid; u32 pad; u64 ${key}`, "event");
    const address = little((1n << 63n) + 64n, 8);
    const record = (pid: number) =>
      Uint8Array.from([
        ...little(BigInt(pid), 8),
        ...address,
        ...new Array(schema.size - 16).fill(0),
      ]);
    const aggregate = `${schema.fields[2]?.name},count`;
    const lines = linesOf(schema, [record(1), record(2)], { aggregate });
    assert.equal(lines.length, groups);
  });
}
