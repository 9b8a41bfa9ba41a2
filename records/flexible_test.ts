/** Flexible arrays at the end of framed records: `char data[]`. */
import assert from "node:assert/strict";
import { Btf, Kind } from "../ebpf/btf/mod.ts";
import { BtfBuilder } from "../tests/support/btf_builder.ts";
import {
  decodeRecords,
  MAX_TAIL_BYTES,
  Output,
  parseAggregate,
  recordPlaces,
  type Schema,
  schemaOf,
} from "./mod.ts";

type Element = "char" | "u8" | "u32" | "pair";

/** Returns the schema of `struct { u32 number; ELEMENT NAME[]; }`. */
function schemaWith(element: Element, { name = "data", isFramed = true } = {}): Schema {
  const b = new BtfBuilder();
  const u32 = b.int("unsigned int", 4);
  const u8 = b.typedef("__u8", b.int("unsigned char", 1));
  const members = [{ name: "a", type: u8, bitOffset: 0 }, { name: "b", type: u8, bitOffset: 8 }];
  const elements = { u32, u8, char: b.int("char", 1, 1), pair: b.record("pair", 2, members) };
  const id = b.record("event", 4, [
    { name: "mark", type: b.array(u32, 0), bitOffset: 0 },
    { name: "number", type: u32, bitOffset: 0 },
    { name, type: b.array(elements[element], 0), bitOffset: 32 },
  ]);
  return schemaOf(new Btf(b.bytes()), id, { isFramed });
}

/** Returns a batch: a record of each tail, with 255 in the padding. */
function batchOf(...tails: readonly (readonly number[])[]): Uint8Array {
  return new Uint8Array(tails.flatMap((tail) => {
    const size = 4 + tail.length;
    const padding = new Array(Math.ceil(size / 8) * 8 - size).fill(255);
    const header = [size & 255, size >> 8 & 255, size >> 16, 0, 0, 0, 0, 0];
    return [...header, 7, 0, 0, 0, ...tail, ...padding];
  }));
}

function tailsOf(schema: Schema, batch: Uint8Array): unknown[] {
  return Array.from(decodeRecords(schema, batch), (record) => record["data"]);
}

const bytesOf = (text: string) => [...new TextEncoder().encode(text)];

Deno.test("an array at the end of a record is as long as the record", () => {
  const texts = batchOf([], bytesOf("long text"), bytesOf("a"), [98, 0, 99]);
  assert.deepEqual(tailsOf(schemaWith("char"), texts), ["", "long text", "a", "b"]);
  const numbers = batchOf([1, 2, 3, 4, 5, 0, 0, 0, 9], [], [1, 0, 0, 0]);
  assert.deepEqual(tailsOf(schemaWith("u8"), numbers), [
    [1, 2, 3, 4, 5, 0, 0, 0, 9],
    [],
    [1, 0, 0, 0],
  ]);
  assert.deepEqual(tailsOf(schemaWith("u32"), numbers), [[0x04030201, 5], [], [1]]);
  assert.deepEqual(
    JSON.stringify(tailsOf(schemaWith("pair"), batchOf([1, 2, 3, 4], [5]))),
    '[[{"a":1,"b":2},{"a":3,"b":4}],[]]',
  );
});

Deno.test("words at the end of a record are shown as a command line", () => {
  const schema = schemaWith("char", { name: "args" });
  const [record] = decodeRecords(schema, batchOf(bytesOf("ls\0-l\0")));
  assert.equal(record?.["args"], "ls -l");
});

Deno.test("a record without its whole struct has an empty array, and a long one is bounded", () => {
  const schema = schemaWith("u8");
  const short = new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0, 7, 1, 255, 255, 255, 255, 255, 255]);
  assert.deepEqual({ ...[...decodeRecords(schema, short)][0] }, { number: 263, data: [] });
  const long = batchOf(new Array(MAX_TAIL_BYTES + 100).fill(1), [2]);
  const [first, second] = tailsOf(schema, long);
  assert.equal((first as number[]).length, MAX_TAIL_BYTES);
  assert.deepEqual(second, [2]);
});

Deno.test("arrays without elements elsewhere, and those of rows, are no fields", () => {
  const b = new BtfBuilder();
  const u32 = b.int("unsigned int", 4);
  const empty = b.array(u32, 0);
  const id = b.record("either", 4, [
    { name: "number", type: u32, bitOffset: 0 },
    { name: "none", type: empty, bitOffset: 0 },
  ], Kind.Union);
  const union = schemaOf(new Btf(b.bytes()), id, { isFramed: true });
  for (const schema of [union, schemaWith("u32", { isFramed: false })]) {
    assert.deepEqual(schema.fields.map(({ name }) => name), ["number"]);
    assert.equal(schema.size, 4);
  }
});

Deno.test("groups, filters' places and raw bytes hold an array's own bytes", () => {
  const shown = (schema: Schema, batch: Uint8Array) => {
    let text = "";
    const write = (bytes: Uint8Array) => void (text += new TextDecoder().decode(bytes));
    const aggregate = parseAggregate("data");
    const output = new Output({ sinks: [{ format: "jsonl", write }], aggregate });
    output.stream("events", schema).write(batch);
    output.end();
    return text.trim().split("\n").map((line) => JSON.parse(line));
  };
  assert.deepEqual(shown(schemaWith("u8"), batchOf([1, 0], [1], [1, 0])), [
    { data: [1, 0], count: 2 },
    { data: [1], count: 1 },
  ]);
  // A part of an element is not shown.
  assert.deepEqual(shown(schemaWith("u32"), batchOf([1, 0, 0, 0, 5], [1, 0, 0, 0], [], [7])), [
    { data: [1], count: 2 },
    { data: [], count: 2 },
  ]);
  assert.deepEqual(shown(schemaWith("char"), batchOf([97], [97, 0], [97, 0, 98])), [
    { data: "a", count: 3 },
  ]);
  const schema = schemaWith("u32");
  const places = [...recordPlaces(batchOf([1, 0, 0, 0], []), "framed", schema)];
  const counter = schema.tail?.counter ?? 0;
  assert.deepEqual(
    places.map(({ view, at, size }) => [size, view.getUint32(at + counter, true)]),
    [[8, 4], [4, 0]],
  );
});
