/** Every format of a value, from bytes, in columns and JSON. */
import assert from "node:assert/strict";
import { Btf, Kind } from "../ebpf/btf/mod.ts";
import { BtfBuilder } from "../tests/support/btf_builder.ts";
import {
  type Clock,
  Output,
  type OutputFormat,
  parseAs,
  type Resolvers,
  type Schema,
  schemaFromText,
  schemaOf,
} from "./mod.ts";

/** 03:04:05 on 2026-01-02 in a zone one hour ahead of UTC; booted 1000 s ago, of which 100 s asleep. */
const NOW = 1_767_319_445_000_000_000n;
const CLOCK: Clock = {
  now: () => NOW,
  ahead: (clock) => NOW - (clock === "boot" ? 1000n : 900n) * 1_000_000_000n,
  zone: () => 3600,
};

const RESOLVERS: Resolvers = {
  user: (uid) => uid === 0 ? "root" : undefined,
  group: (gid) => gid === 4 ? "adm\x1b" : undefined,
  kernelSymbol: (address) => address === 0xffffffff81000010n ? "vfs_read+0x10" : undefined,
  userSymbol: (address, pid) => address === 0x400010n && pid === 7 ? "main+0x10" : undefined,
  enumNames: (name) =>
    name === "color" ? [{ name: "RED", value: 1n }, { name: "BLUE", value: 4n }] : undefined,
};

function cell(
  format: OutputFormat,
  schema: Schema,
  bytes: Uint8Array,
  { as = [], exact = false }: { as?: string[]; exact?: boolean } = {},
): string {
  let text = "";
  const output = new Output({
    sinks: [{ format, write: (part) => text += new TextDecoder().decode(part) }],
    ...{ time: false, clock: CLOCK, resolvers: RESOLVERS, exact, formats: as.map(parseAs) },
  });
  const record = new Uint8Array(schema.size);
  record.set(bytes);
  output.stream("events", schema).write(record, "packed");
  output.end();
  return text.trimEnd();
}

/** Returns the only cell of a row, and the value of `x` in JSON as text. */
function looks(schema: Schema, bytes: number[], as?: string): [string, string] {
  const options = as === undefined ? {} : { as: [`x=${as}`] };
  const data = Uint8Array.from(bytes);
  const [, row = ""] = cell("columns", schema, data, options).split("\n");
  const json = cell("jsonl", schema, data, options);
  return [row.trim(), /^\{"x":(.*)\}$/.exec(json)?.[1] ?? json];
}

const U64_MAX = Array<number>(8).fill(255);
const text = (value: string) => [...new TextEncoder().encode(value)];
const little = (value: bigint, bytes = 8) =>
  Array.from({ length: bytes }, (_, i) => Number(value >> BigInt(8 * i) & 255n));

/** Member, bytes, `--as`, columns, JSON. */
const VALUES: [string, number[], string | undefined, string, string][] = [
  ["u8 x", [200], undefined, "200", "200"],
  ["signed char x[2]", [200, 1], "list", "-56,1", "[-56,1]"],
  ["s16 x", [0, 128], undefined, "-32768", "-32768"],
  ["u32 x", [255, 255, 255, 255], undefined, "4294967295", "4294967295"],
  ["s32 x", [0, 0, 0, 128], undefined, "-2147483648", "-2147483648"],
  ["u64 x", U64_MAX, undefined, "18446744073709551615", "18446744073709551615"],
  ["u64 x", little(2n ** 53n + 1n), undefined, "9007199254740993", "9007199254740993"],
  ["u64 x", little(999_999_999_999_999_999n), undefined, "9".repeat(18), "9".repeat(18)],
  ["s64 x", little(-(2n ** 63n)), undefined, "-9223372036854775808", "-9223372036854775808"],
  ["__int128 x", little(-1n, 16), undefined, "-1", '"-1"'],
  ["unsigned __int128 x", little(2n ** 127n, 16), undefined, `${2n ** 127n}`, `"${2n ** 127n}"`],
  ["bool x", [1], undefined, "true", "true"],
  ["u32 x", [0, 0, 0, 0], "bool", "false", "false"],
  ["float x", [0xcd, 0xcc, 0xcc, 0x3d], undefined, "0.1", "0.1"],
  ["double x", [0, 0, 0, 0, 0, 0, 0xf0, 0x7f], undefined, "Infinity", '"Infinity"'],
  ["double x", [0, 0, 0, 0, 0, 0, 0, 0x80], undefined, "0", "0"],
  ["u64 x", little(0xffffffff81000010n), "hex", "0xffffffff81000010", '"0xffffffff81000010"'],
  ["s32 x", [255, 255, 255, 255], "hex", "0xffffffff", '"0xffffffff"'],
  ["void *x", little(0x10n), undefined, "0x10", '"0x10"'],
  ["u32 x", [0xa4, 1, 0, 0], "oct", "0644", '"0644"'],
  ["char x[8]", text("init"), undefined, "init", '"init"'],
  ["char x[4]", text("full"), undefined, "full", '"full"'],
  ["char x[8]", [0x1b, ...text("[31m")], undefined, "\\x1b[31m", '"\\u001b[31m"'],
  ["char x[8]", text("a\u202eb"), undefined, "a\\u202eb", '"a\\u202eb"'],
  ["char x[8]", text("\u{e0041}"), undefined, "\\u{e0041}", '"\\udb40\\udc41"'],
  ["char x[8]", [0xff, 0x41, 0xc0, 0xaf], undefined, "\\xffA\\xc0\\xaf", '"\ufffdA\ufffd\ufffd"'],
  ["char x[8]", text('a"b\\\n'), undefined, 'a"b\\\\x0a', '"a\\"b\\\\\\n"'],
  ["char x[8]", [0xc2, 0x9b, 0x41], undefined, "\\x9bA", '"\\u009bA"'],
  ["char x[9]", text("日本語"), undefined, "日本語", '"日本語"'],
  ["u8 x[4]", [1, 2, 3, 4], undefined, "1,2,3,4", "[1,2,3,4]"],
  ["u8 x[10]", [], undefined, "0,0,0,0,0,0,0,0,…", "[0,0,0,0,0,0,0,0,0,0]"],
  ["u8 x[4]", [1, 0xab, 0, 0], "bytes", "01ab0000", '"01ab0000"'],
  ["u8 x[4]", text("ab"), "str", "ab", '"ab"'],
  ["u32 x[3]", [1, 0, 0, 0, 255, 255, 255, 255], undefined, "1,4294967295,0", "[1,4294967295,0]"],
  ["u16 x[2][2]", [1, 0, 2, 0, 3, 0, 4, 0], undefined, "1,2,3,4", "[[1,2],[3,4]]"],
  ["u32 x[2]", [255, 0, 0, 0, 1, 0, 0, 0], "hex", "0xff,0x1", '["0xff","0x1"]'],
  ["u32 x", [127, 0, 0, 1], "ipv4", "127.0.0.1", '"127.0.0.1"'],
  ["u8 x[16]", [...Array<number>(15).fill(0), 1], "ipv6", "::1", '"::1"'],
  [
    "u8 x[16]",
    [0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1],
    "ipv6",
    "2001:db8:0:1::1",
    '"2001:db8:0:1::1"',
  ],
  ["u8 x[16]", [0xfe, 0x80, ...Array<number>(13).fill(0), 1], "ip", "fe80::1", '"fe80::1"'],
  ["u8 x[16]", [10, 0, 0, 1], "ip", "10.0.0.1", '"10.0.0.1"'],
  ["u8 x[16]", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 1, 2, 3, 4], "ip", "1.2.3.4", '"1.2.3.4"'],
  ["__int128 x", [10, 0, 0, 1], "ip", "10.0.0.1", '"10.0.0.1"'],
  ["u8 x[6]", [2, 0x1b, 0, 0, 0, 255], "mac", "02:1b:00:00:00:ff", '"02:1b:00:00:00:ff"'],
  ["u16 x", [0x1f, 0x90], "be16", "8080", "8080"],
  ["u32 x", [0x1f, 0x90, 0, 0], "port", "8080", "8080"],
  ["u32 x", [0, 0, 1, 0], "be32", "256", "256"],
  ["u64 x", [0, 0, 0, 0, 0, 0, 1, 0], "be64", "256", "256"],
  ["s32 x", little(-2n, 4), "errno", "ENOENT", '"ENOENT"'],
  ["s32 x", [3, 0, 0, 0], "errno", "3", "3"],
  ["u32 x", [110, 0, 0, 0], "errno", "ETIMEDOUT", '"ETIMEDOUT"'],
  ["s32 x", little(-4000n, 4), "errno", "-4000", "-4000"],
  ["u32 x", [9, 0, 0, 0], "signal", "SIGKILL", '"SIGKILL"'],
  ["u32 x", [34, 0, 0, 0], "signal", "SIGRTMIN", '"SIGRTMIN"'],
  ["u32 x", [99, 0, 0, 0], "signal", "signal#99", '"signal#99"'],
  ["u64 x", little(257n), "syscall", "openat", '"openat"'],
  ["u64 x", little(9999n), "syscall", "9999", "9999"],
  ["u32 x", [0, 0, 0, 0], "uid", "root", "0"],
  ["u32 x", [5, 0, 0, 0], "uid", "5", "5"],
  ["u32 x", [4, 0, 0, 0], "gid", "adm\\x1b", "4"],
  ["u16 x", [0xa4, 0x81], "mode", "-rw-r--r--", '"-rw-r--r--"'],
  ["u32 x", [0xff, 0x4f, 0, 0], "mode", "drwsrwsrwt", '"drwsrwsrwt"'],
  ["u32 x", [0x41, 2, 0, 0], "flags", "O_WRONLY|O_CREAT|O_TRUNC", '"O_WRONLY|O_CREAT|O_TRUNC"'],
  ["u32 x", [0, 0, 0, 0], "flags", "O_RDONLY", '"O_RDONLY"'],
  ["u32 x", [4, 0, 0, 0], "enum:color", "BLUE", '"BLUE"'],
  ["u32 x", [2, 0, 0, 0], "enum:color", "2", "2"],
  ["u32 x", [13, 0, 0, 0], "flags:color", "RED|BLUE|0x8", '"RED|BLUE|0x8"'],
  ["u32 x", [1, 0, 0x80, 0], "dev", "8:1", '"8:1"'],
  ["u64 x", little(2n ** 60n), "inode", `${2n ** 60n}`, `${2n ** 60n}`],
  ["u64 x", little(15n), "ns", "15ns", "15"],
  ["u64 x", little(1500n), "ns", "1.50µs", "1500"],
  ["u64 x", little(2000n), "us", "2.00ms", "2000"],
  ["u64 x", little(1500n), "ms", "1.50s", "1500"],
  ["u64 x", little(3723n), "s", "1h02m", "3723"],
  ["s64 x", little(-1500n), "ns", "-1.50µs", "-1500"],
  ["u64 x", little(999_999n), "ns", "1.00ms", "999999"],
  ["u64 x", little(59_999_999_999n), "ns", "1m00s", "59999999999"],
  ["u64 x", little(83_000_000n), "size", "83 MB", "83000000"],
  ["u64 x", little(1500n), "size", "1.5 kB", "1500"],
  ["u64 x", little(512n), "bytes", "512 B", "512"],
  [
    "u64 x",
    little(890_000_000_000n),
    "time",
    "03:03:55.000",
    '"2026-01-02T03:03:55.000000000+01:00"',
  ],
  [
    "u64 x",
    little(999_000_000_001n),
    "time:boot",
    "03:04:04.000",
    '"2026-01-02T03:04:04.000000001+01:00"',
  ],
  ["u64 x", little(NOW), "time:wall", "03:04:05.000", '"2026-01-02T03:04:05.000000000+01:00"'],
  ["u64 x", little(0xffffffff81000010n), "ksym", "vfs_read+0x10", '"vfs_read+0x10"'],
  ["u64 x", little(0x10n), "ksym", "0x10", '"0x10"'],
  [
    "u64 x[3]",
    [...little(0xffffffff81000010n), ...little(0x10n)],
    "ksym",
    "vfs_read+0x10,0x10",
    '["vfs_read+0x10","0x10"]',
  ],
  ["char x", [65], undefined, "A", '"A"'],
  ["char x", [27], undefined, "27", "27"],
];

for (const [member, bytes, as, columns, json] of VALUES) {
  const how = as === undefined ? member : `${member} as ${as}`;
  Deno.test(`${how} looks like ${columns}`, () => {
    assert.deepEqual(looks(schemaFromText(member, "t"), bytes, as), [columns, json]);
  });
}

/** Name of a member of 8 bytes, its bytes, columns. */
const BY_NAME: [string, bigint, string][] = [
  ["u64 lat_ns", 1500n, "1.50µs"],
  ["u64 wait_us", 1500n, "1.50ms"],
  ["u64 run_ms", 1500n, "1.50s"],
  ["u64 rx_bytes", 1500n, "1.5 kB"],
  ["u64 bytes", 83_000_000n, "83 MB"],
  ["u64 ip", 16n, "0x10"],
  ["u64 ts", 890_000_000_000n, "03:03:55.000"],
  ["u64 timestamp_ns", 999_000_000_000n, "03:04:04.000"],
  // Far from now by either clock: a number.
  ["u64 ts", 5n, "5"],
  ["u64 ts", 10n ** 18n, "1000000000000000000"],
  ["u64 start_ns", 1500n, "1500"],
  ["u64 count", 1500n, "1500"],
];

for (const [member, value, columns] of BY_NAME) {
  Deno.test(`${member} of ${value} looks like ${columns} by its name`, () => {
    const schema = schemaFromText(member, "t");
    const [, row = ""] = cell("columns", schema, Uint8Array.from(little(value))).split("\n");
    assert.equal(row.trim(), columns);
    const [exact = ""] = cell("columns", schema, Uint8Array.from(little(value)), { exact: true })
      .split("\n").slice(1);
    assert.equal(exact.trim(), member === "u64 ip" ? columns : `${value}`);
  });
}

Deno.test("addresses are read by the family next to them", () => {
  const schema = schemaFromText("u16 family; u8 saddr[16]", "t");
  const record = (family: number) => Uint8Array.from([family, 0, 10, 0, 0, 1, 9, 9, 9, 9, 9, 9]);
  assert.equal(cell("jsonl", schema, record(2)), '{"family":2,"saddr":"10.0.0.1"}');
  assert.equal(
    cell("jsonl", schema, record(10)),
    '{"family":10,"saddr":"a00:1:909:909:909::"}',
  );
});

Deno.test("user symbols are looked up in the process of the record", () => {
  const schema = schemaFromText("u32 pid; u64 address @usym", "t");
  const bytes = (pid: number) => Uint8Array.from([pid, 0, 0, 0, 0, 0, 0, 0, ...little(0x400010n)]);
  assert.equal(cell("jsonl", schema, bytes(7)), '{"pid":7,"address":"main+0x10"}');
  assert.equal(cell("jsonl", schema, bytes(8)), '{"pid":8,"address":"0x400010"}');
});

/** `struct { u32 a:3, b:29; s64 c:40; struct { u32 x; } in; union { u32 v; u8 w[4]; }; }` */
function nested(): Schema {
  const builder = new BtfBuilder();
  const u32 = builder.int("unsigned int", 4);
  const s64 = builder.int("long long", 8, 1);
  const byte = builder.int("unsigned char", 1);
  const inner = builder.record("inner", 4, [{ name: "x", type: u32, bitOffset: 0 }]);
  const four = builder.array(byte, 4);
  const union = builder.record("", 4, [
    { name: "v", type: u32, bitOffset: 0 },
    { name: "w", type: four, bitOffset: 0 },
  ], Kind.Union);
  const array = builder.array(inner, 2);
  const id = builder.record("outer", 32, [
    { name: "a", type: u32, bitOffset: 0, bits: 3 },
    { name: "b", type: u32, bitOffset: 3, bits: 29 },
    { name: "c", type: s64, bitOffset: 64, bits: 40 },
    { name: "in", type: inner, bitOffset: 128 },
    { name: "", type: union, bitOffset: 160 },
    { name: "many", type: array, bitOffset: 192 },
  ]);
  return schemaOf(new Btf(builder.bytes()), id);
}

Deno.test("bit-fields, nested structs, unions and arrays of structs are decoded", () => {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, (0x1fffffff << 3 | 5) >>> 0, true);
  view.setBigInt64(8, -2n, true);
  [7, 0x01020304, 8, 9].forEach((value, i) => view.setUint32(16 + i * 4, value, true));
  const schema = nested();
  assert.equal(
    cell("jsonl", schema, bytes),
    '{"a":5,"b":536870911,"c":-2,"in":{"x":7},"v":16909060,"many":[{"x":8},{"x":9}]}',
  );
  assert.deepEqual(
    cell("columns", schema, bytes).split("\n").map((line) => line.trim().split(/ +/)),
    [
      ["A", "B", "C", "X", "V", "MANY"],
      ["5", "536870911", "-2", "7", "16909060", '{"x":8},{"x":9}'],
    ],
  );
  assert.equal(
    cell("csv", schema, bytes),
    'a,b,c,in.x,v,many\r\n5,536870911,-2,7,16909060,"[{""x"":8},{""x"":9}]"',
  );
  // The other member of the union on request.
  assert.equal(schema.fields.find(({ name }) => name === "w")?.hidden, true);
});

Deno.test("schemaOf() hides state of the kernel, and reads typedefs of characters as text", () => {
  const builder = new BtfBuilder();
  const u32 = builder.int("unsigned int", 4);
  const char = builder.int("char", 1, 1);
  const lock = builder.record("bpf_spin_lock", 4, [{ name: "val", type: u32, bitOffset: 0 }]);
  const text = builder.array(builder.typedef("gadget_comm", char), 4);
  const numbers = builder.array(builder.typedef("__s8", char), 4);
  const id = builder.record("value", 16, [
    { name: "lock", type: lock, bitOffset: 0 },
    { name: "calls", type: u32, bitOffset: 32 },
    { name: "title", type: text, bitOffset: 64 },
    { name: "levels", type: numbers, bitOffset: 96 },
  ]);
  const schema = schemaOf(new Btf(builder.bytes()), id);
  const bytes = Uint8Array.from([9, 0, 0, 0, 7, 0, 0, 0, 97, 98, 0, 0, 1, 2, 3, 4]);
  assert.equal(
    cell("jsonl", schema, bytes),
    '{"calls":7,"title":"ab","levels":[1,2,3,4]}',
  );
});
