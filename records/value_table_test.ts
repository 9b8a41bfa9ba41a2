/** Looks of values by their types and names in BTF, row by row: columns and JSON, from bytes. */
import assert from "node:assert/strict";
import { Btf, Kind } from "../ebpf/btf/mod.ts";
import { BtfBuilder, type MemberSpec } from "../tests/support/btf_builder.ts";
import {
  type Clock,
  Output,
  type OutputFormat,
  type Resolvers,
  type Schema,
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
  kernelSymbol: (address) => address === 0xffffffff81000010n ? "vfs_read+0x10" : undefined,
};

/** Types that rows use; each call adds them to a builder. */
function types(b: BtfBuilder) {
  const char = b.int("char", 1, 1);
  const byte = b.int("unsigned char", 1);
  const signedChar = b.int("signed char", 1, 1);
  const u16 = b.int("unsigned short", 2);
  const u32 = b.int("unsigned int", 4);
  const u64 = b.int("unsigned long long", 8);
  const s32 = b.int("int", 4, 1);
  const words = (text: string, value: number) => [b.string(text), value >>> 0];
  return {
    ...{ char, byte, signedChar, u16, u32, u64, s32 },
    s8: b.typedef("__s8", signedChar),
    s16: b.int("short", 2, 1),
    s64: b.int("long long", 8, 1),
    bool: b.int("_Bool", 1, 4),
    int128: b.int("__int128", 16, 1),
    float: b.raw({ name: "float", kind: Kind.Float, word: 4 }),
    double: b.raw({ name: "double", kind: Kind.Float, word: 8 }),
    u8: b.typedef("__u8", byte),
    be16: b.typedef("__be16", b.typedef("__u16", u16)),
    be32: b.typedef("__be32", b.typedef("__u32", u32)),
    pointer: b.pointer(u32),
    state: b.raw(
      { name: "state", kind: Kind.Enum, vlen: 3, word: 4 },
      ...[...words("OPEN", 1), ...words("ALSO_OPEN", 1), ...words("CLOSED", 2)],
    ),
    negative: b.raw(
      { name: "negative", kind: Kind.Enum, vlen: 1, flag: true, word: 4 },
      ...words("NOT_THERE", -2),
    ),
    wide: b.raw(
      { name: "wide", kind: Kind.Enum64, vlen: 1, word: 8 },
      ...[...words("FAR", 5), 1],
    ),
    bits_set: b.raw(
      { name: "bits_set", kind: Kind.Enum, vlen: 2, word: 4 },
      ...[...words("READ", 1), ...words("WRITE", 2)],
    ),
  };
}

type Types = ReturnType<typeof types>;

const little = (value: bigint, bytes = 8) =>
  Array.from({ length: bytes }, (_, i) => Number(value >> BigInt(8 * i) & 255n));
const text = (value: string) => [...new TextEncoder().encode(value)];
const six = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
const mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 1, 2, 3, 4];
const rest = [10, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9];

/** Name, type, bytes, columns, JSON; `family` puts a member of that name and value before it. */
interface Row {
  readonly name: string;
  readonly type: (t: Types, b: BtfBuilder) => number;
  readonly bytes: number[];
  readonly columns: string;
  readonly json: string;
  readonly family?: readonly [name: string, value: number];
}

const row = (
  name: string,
  type: Row["type"],
  bytes: number[],
  [columns, json]: readonly [string, string],
  family?: Row["family"],
): Row => ({ name, type, bytes, columns, json, ...(family === undefined ? {} : { family }) });

const of = (name: keyof Types): Row["type"] => (t) => t[name];
const array = (name: keyof Types, length: number): Row["type"] => (t, b) =>
  b.array(t[name], length);
const same = (value: string) => [value, value] as const;
const quoted = (value: string) => [value, `"${value}"`] as const;

/** Integers, enums, booleans and floating-point numbers. */
const NUMBERS: Row[] = [
  row("x", of("s8"), [0xfe], same("-2")),
  row("x", of("byte"), [0xfe], same("254")),
  row("x", of("u16"), [0x34, 0x12], same("4660")),
  row("x", of("s16"), [0xfe, 0xff], same("-2")),
  row("x", of("u32"), little(2n ** 32n - 1n, 4), same("4294967295")),
  row("x", of("s64"), little(-(2n ** 63n)), same(`${-(2n ** 63n)}`)),
  row("x", of("u64"), little(2n ** 64n - 1n), same(`${2n ** 64n - 1n}`)),
  row("x", of("bool"), [1], same("true")),
  row("x", of("bool"), [0], same("false")),
  // Of two names for one value the first.
  row("x", of("state"), little(1n, 4), quoted("OPEN")),
  row("x", of("state"), little(7n, 4), same("7")),
  row("x", of("negative"), little(-2n, 4), quoted("NOT_THERE")),
  row("x", of("negative"), little(-3n, 4), same("-3")),
  row("x", of("wide"), little(2n ** 32n + 5n), quoted("FAR")),
  row("x", of("wide"), little(2n ** 33n), same(`${2n ** 33n}`)),
  row("x", of("bits_set"), little(3n, 4), quoted("READ|WRITE")),
  row("x", of("float"), [0, 0, 0x80, 0x3e], same("0.25")),
  row("x", of("double"), [0x9a, 0x99, 0x99, 0x99, 0x99, 0x99, 0xb9, 0x3f], same("0.1")),
  row("x", of("int128"), little(-(2n ** 100n), 16), quoted(`${-(2n ** 100n)}`)),
];

/** Texts: up to NUL or the end; what a terminal must not see is escaped. */
const TEXTS: Row[] = [
  row("x", array("char", 8), text("init\0no"), quoted("init")),
  row("x", array("char", 4), text("full"), quoted("full")),
  row("x", array("char", 8), [0xff, 0x41, 0x1b], ["\\xffA\\x1b", '"\ufffdA\\u001b"']),
  row("x", array("signedChar", 8), text("signed"), quoted("signed")),
  row("x", array("byte", 8), text("unsigned"), quoted("unsigned")),
  row("x", array("byte", 4), [1, 2, 200, 0], ["1,2,200,0", "[1,2,200,0]"]),
  row("filename", array("u8", 8), text("/etc"), quoted("/etc")),
  row("comm", array("u8", 8), text("sh"), quoted("sh")),
  row("path", array("u8", 8), text("/"), quoted("/")),
  row("str", array("u8", 8), text("a b"), quoted("a b")),
  row("x", array("u8", 4), text("ab"), ["97,98,0,0", "[97,98,0,0]"]),
];

/** Addresses and ports. */
const ADDRESSES: Row[] = [
  row("mac", array("u8", 6), [2, 0x1b, 0, 0, 0, 255], quoted("02:1b:00:00:00:ff")),
  row("src_mac", array("u8", 6), [0, 0, 0, 0, 0, 1], quoted("00:00:00:00:00:01")),
  row("saddr", array("u8", 4), [127, 0, 0, 1], quoted("127.0.0.1")),
  row("saddr", of("be32"), [10, 0, 0, 1], quoted("10.0.0.1")),
  row("daddr", array("u8", 16), six, quoted("fe80::1")),
  row("daddr", array("u8", 16), mapped, quoted("1.2.3.4")),
  row("daddr", array("u8", 16), [10, 0, 0, 1], quoted("10.0.0.1")),
  // With a family of IPv4 the other 12 bytes may be anything.
  row("saddr", array("u8", 16), rest, quoted("10.0.0.1"), ["family", 2]),
  row("saddr", array("u8", 16), rest, quoted("10.0.0.1"), ["version", 4]),
  row("saddr", array("u8", 16), rest, quoted("a00:1:909:909:909:909:909:909"), ["af", 10]),
  row("saddr", array("u8", 16), six, quoted("fe80::1"), ["ip_ver", 6]),
  row("saddr", of("int128"), rest, quoted("10.0.0.1"), ["family", 2]),
  row("dport", of("be16"), [0x1f, 0x90], same("8080")),
  // Plain integers are not swapped.
  row("saddr", of("u32"), [1, 0, 0, 0], same("1")),
  row("dport", of("u16"), [0x90, 0x1f], same("8080")),
];

/** Durations, times and sizes by names: people read units, JSON keeps the integer. */
const QUANTITIES: Row[] = [
  row("lat_ns", of("u64"), little(1_230_000n), ["1.23ms", "1230000"]),
  row("lat_us", of("u64"), little(1500n), ["1.50ms", "1500"]),
  row("lat_ms", of("u32"), little(1500n, 4), ["1.50s", "1500"]),
  // A name alone shows that they are times: JSON keeps the integer.
  row("ts", of("u64"), little(890_000_000_000n), ["03:03:55.000", "890000000000"]),
  row("timestamp", of("u64"), little(999_000_000_000n), ["03:04:04.000", "999000000000"]),
  row("ts", of("u64"), little(5n), same("5")),
  row("bytes", of("u64"), little(83_000_000n), ["83 MB", "83000000"]),
  row("rbytes", of("u64"), little(1500n), ["1.5 kB", "1500"]),
  row("rx_bytes", of("u32"), little(512n, 4), ["512 B", "512"]),
];

/** Addresses of the kernel, and arrays. */
const REST: Row[] = [
  row("x", of("pointer"), little(0x10n), quoted("0x10")),
  // Addresses of kernel code have names for people.
  row("x", of("pointer"), little(0xffffffff81000010n), ["vfs_read+0x10", '"0xffffffff81000010"']),
  row("ip", of("u64"), little(0xffffffff81000010n), ["vfs_read+0x10", '"0xffffffff81000010"']),
  row("kaddr", of("u64"), little(0xffffffff81000010n), ["vfs_read+0x10", '"0xffffffff81000010"']),
  row(
    "x",
    array("pointer", 2),
    [...little(0xffffffff81000010n), ...little(1n)],
    ["vfs_read+0x10,0x1", '["0xffffffff81000010","0x1"]'],
  ),
  row("ip", of("u64"), little(2n ** 64n - 1n), quoted("0xffffffffffffffff")),
  row("addr", of("u64"), little(0x1000n), quoted("0x1000")),
  row("kaddr", of("u64"), little(0x1000n), quoted("0x1000")),
  row("x", array("u32", 3), [1, 0, 0, 0, 2, 0, 0, 0, 3], ["1,2,3", "[1,2,3]"]),
  row("x", array("u16", 9), [], ["0,0,0,0,0,0,0,0,…", "[0,0,0,0,0,0,0,0,0]"]),
  row("x", array("state", 2), [1, 0, 0, 0, 9], ["OPEN,9", '["OPEN",9]']),
  row("x", (t, b) => b.array(b.array(t.char, 4), 2), text("a\0\0\0bc"), ["a,bc", '["a","bc"]']),
];

function shown(format: OutputFormat, schema: Schema, record: Uint8Array): string {
  let all = "";
  const output = new Output({
    sinks: [{ format, write: (part) => all += new TextDecoder().decode(part) }],
    ...{ time: false, clock: CLOCK, resolvers: RESOLVERS },
  });
  output.stream("events", schema).write(record, "packed");
  output.end();
  return all.trimEnd();
}

for (const each of [...NUMBERS, ...TEXTS, ...ADDRESSES, ...QUANTITIES, ...REST]) {
  const { name, bytes, columns, json, family } = each;
  const after = family === undefined ? "" : ` with ${family[0]} ${family[1]}`;
  Deno.test(`a member "${name}"${after} looks like ${columns} and ${json}`, () => {
    const b = new BtfBuilder();
    const t = types(b);
    const type = each.type(t, b);
    const start = family === undefined ? 0 : 16;
    const members: MemberSpec[] = [
      ...family === undefined ? [] : [{ name: family[0], type: t.u16, bitOffset: 0 }],
      { name, type, bitOffset: start * 8 },
    ];
    const id = b.record("event", 96, members);
    const schema = schemaOf(new Btf(b.bytes()), id);
    const record = new Uint8Array(96);
    record.set(bytes, start);
    if (family !== undefined) record[0] = family[1];
    const [, line = ""] = shown("columns", schema, record).split("\n");
    const cells = family === undefined ? line.trim() : line.trim().replace(/^\d+ +/, "");
    assert.equal(cells, columns);
    const before = family === undefined ? "" : `"${family[0]}":${family[1]},`;
    assert.equal(shown("jsonl", schema, record), `{${before}"${name}":${json}}`);
  });
}
