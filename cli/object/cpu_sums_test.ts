import assert from "node:assert/strict";
import { Btf } from "../../ebpf/btf/mod.ts";
import { Output, type Schema, schemaFromText, schemaOf } from "../../records/mod.ts";
import { BtfBuilder } from "../../tests/support/btf_builder.ts";
import { cpuSums } from "./cpu_sums.ts";

/** Returns the row of JSON that values of several CPUs make. */
function rowOf(schema: Schema, cpus: readonly Uint8Array[]): Record<string, unknown> {
  const step = Math.ceil(schema.size / 8) * 8;
  const sums = cpuSums(schema, { start: 0, valueBytes: schema.size, step });
  const values = new Uint8Array(step * cpus.length);
  cpus.forEach((value, i) => values.set(value, i * step));
  const row = new Uint8Array(sums.schema.size);
  sums.write(values, row);
  let text = "";
  const write = (bytes: Uint8Array) => void (text += new TextDecoder().decode(bytes));
  const output = new Output({ sinks: [{ format: "jsonl", write }] });
  output.table("map", sums.schema).rows(row);
  output.end();
  return JSON.parse(text);
}

/** Returns a value of one member, little-endian. */
function bytesOf(value: bigint, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => Number(value >> BigInt(8 * i) & 255n));
}

/** Members, their bytes, values of three CPUs, and what they are together. */
const VALUES: readonly (readonly [string, number, readonly bigint[], unknown])[] = [
  ["u8 v", 1, [200n, 0n, 100n], 300],
  ["s8 v", 1, [-100n, -100n, -1n], -201],
  ["u16 v", 2, [65535n, 65535n, 1n], 131071],
  ["u32 v", 4, [0xffffffffn, 0xffffffffn, 2n], 0x2_0000_0000],
  ["s32 v", 4, [0x7fffffffn, 0x7fffffffn, 0n], 0xffff_fffe],
  ["u64 v", 8, [1n << 40n, 1n, 0n], 2 ** 40 + 1],
  ["u64 v", 8, [(1n << 64n) - 1n, 5n, 0n], 2 ** 64],
  ["__int128 v", 16, [-(1n << 70n), 1n, 0n], "-1180591620717411303423"],
  ["u32 v[2]", 8, [1n | 2n << 32n, 3n | 4n << 32n, 0n], [4, 6]],
  ["u64 lat_ns", 8, [5n, 6n, 0n], 11],
  ["u64 max_ns", 8, [5n, 0n, 6n], 6],
  ["u64 min_ns", 8, [7n, 0n, 6n], 6],
  ["u64 ts @time(wall)", 8, [1n, 2n, 0n], "1970-01-01T00:00:00.000000002Z"],
  ["u32 pid", 4, [0n, 7n, 9n], 7],
  ["u32 saddr", 4, [0n, 9n, 9n], 9],
  ["u32 reports", 4, [1n, 9n, 9n], 19],
  ["u16 dport", 2, [80n, 80n, 0n], 80],
  ["u32 v @ipv4", 4, [0n, 0x0100007fn, 0x0100007fn], "127.0.0.1"],
  ["u16 v @be16", 2, [0x5000n, 0x5000n, 0n], 80],
  ["char v[4]", 4, [0n, 0x6261n, 0x63n], "ab"],
  ["bool v", 1, [0n, 1n, 1n], true],
  ["u64 v[2] @kstack", 16, [16n, 32n, 0n], "0x10"],
];

for (const [member, bytes, values, expected] of VALUES) {
  Deno.test(`${member} of CPUs with ${values.join(", ")}`, () => {
    const schema = schemaFromText(member, "map");
    const [shown] = Object.values(rowOf(schema, values.map((value) => bytesOf(value, bytes))));
    assert.deepEqual(shown, expected);
  });
}

Deno.test("the family of an address is not added up", () => {
  const schema = schemaFromText("u16 family; u8 saddr[16]; u8 count", "map");
  const value = Uint8Array.from([2, 0, 10, 0, 0, 1, ...new Array(12).fill(9), 200]);
  assert.deepEqual(rowOf(schema, [value, value]), {
    family: 2,
    saddr: "10.0.0.1",
    count: 400,
  });
});

Deno.test("bit-fields are added up, within each other's bytes", () => {
  const b = new BtfBuilder();
  const [u32, s32] = [b.int("unsigned int", 4), b.int("int", 4, 1)];
  const id = b.record("bits", 4, [
    { name: "low", type: u32, bitOffset: 0, bits: 4 },
    { name: "middle", type: s32, bitOffset: 4, bits: 5 },
    { name: "high", type: u32, bitOffset: 9, bits: 23 },
  ]);
  const value = bytesOf(15n | BigInt.asUintN(5, -3n) << 4n | 0x7fffffn << 9n, 4);
  assert.deepEqual(rowOf(schemaOf(new Btf(b.bytes()), id), [value, value]), {
    low: 30,
    middle: -6,
    high: 0xfffffe,
  });
});
