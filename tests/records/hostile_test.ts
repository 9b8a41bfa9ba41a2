/** Hostile types and records: errors of ours, in bounded time and memory. */
import assert from "node:assert/strict";
import { HostError } from "../../ffi/errors.ts";
import { Btf, Kind } from "../../ebpf/btf/mod.ts";
import {
  loadFilter,
  Output,
  readAnnotations,
  schemaFromText,
  schemaOf,
} from "../../records/mod.ts";
import { textWidth } from "../../records/text/widths.ts";
import { BtfBuilder, type MemberSpec } from "../support/btf_builder.ts";
import { changed, survives } from "../support/generated.ts";
import { soakSize } from "../support/soak.ts";
import { chooseSeed, Random } from "../support/random.ts";
import { cpuMs } from "../support/timely.ts";

/** Characters that must not be seen, except ends of lines. */
const UNSEEN = /(?![\r\n])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Longest processor time for one type. */
const LONGEST_MS = 3000;

function refused(build: (builder: BtfBuilder) => number): void {
  const builder = new BtfBuilder();
  const id = build(builder);
  const bytes = builder.bytes();
  const ms = cpuMs(() => assert.throws(() => schemaOf(new Btf(bytes), id), HostError));
  assert.ok(ms < LONGEST_MS, `${ms} ms`);
}

const member = (name: string, type: number, bytes: number): MemberSpec => ({
  name,
  type,
  bitOffset: bytes * 8,
});

const REFUSED: Record<string, (builder: BtfBuilder) => number> = {
  "a struct that contains itself twice": (b) =>
    b.record("a", 8, [member("x", 1, 0), member("y", 1, 0)]),
  "structs that double at each level": (b) => {
    let id = b.int("int", 4, 1);
    for (let level = 0; level < 30; level++) {
      id = b.record(`s${level}`, 4, [member("a", id, 0), member("b", id, 0)]);
    }
    return id;
  },
  "empty structs that double at each level": (b) => {
    let id = b.record("empty", 0, []);
    for (let level = 0; level < 30; level++) {
      id = b.record(`s${level}`, 4, [member("a", id, 0), member("b", id, 0)]);
    }
    return id;
  },
  "typedefs in a circle": (b) => b.typedef("a", b.typedef("b", 2)),
  "an array of 1 GB": (b) =>
    b.record("a", 2 ** 30, [member("x", b.array(b.int("int", 4), 2 ** 28), 0)]),
  "an array that is longer than its struct": (b) =>
    b.record("a", 4, [member("x", b.array(b.int("char", 1), 2 ** 28), 0)]),
  "arrays of arrays of 2^64 elements": (b) =>
    b.array(b.array(b.array(b.int("int", 4), 0xffffffff), 0xffffffff), 0xffffffff),
  "a million members": (b) => {
    const int = b.int("int", 4);
    const part = b.record(
      "part",
      4,
      Array.from({ length: 20_000 }, (_, i) => member(`m${i}`, int, 0)),
    );
    return b.record("a", 200, Array.from({ length: 50 }, (_, i) => member(`p${i}`, part, i * 4)));
  },
  "a member outside of its struct": (b) => b.record("a", 4, [member("x", b.int("int", 4), 4)]),
  "a bit-field outside of its struct": (b) =>
    b.record("a", 4, [{ name: "x", type: b.int("int", 4), bitOffset: 31, bits: 8 }]),
  "an integer at half a byte": (b) =>
    b.record("a", 8, [{ name: "x", type: b.int("int", 4), bitOffset: 4 }]),
  "a function": (b) => b.raw({ name: "f", kind: Kind.FuncProto }),
  "a struct without members": (b) => b.record("a", 4, []),
  "void": () => 0,
};

for (const [what, build] of Object.entries(REFUSED)) {
  Deno.test(`schemaOf() refuses ${what}`, () => refused(build));
}

Deno.test("names of hostile members become text and distinct keys", () => {
  const builder = new BtfBuilder();
  const int = builder.int("int", 4);
  const names = ["a", "a", "\x1b[2J", "__proto__", 'q"\\', "x\u202e", "constructor"];
  const id = builder.record("r", 28, names.map((name, i) => member(name, int, i * 4)));
  const schema = schemaOf(new Btf(builder.bytes()), id);
  for (const format of ["columns", "jsonl", "json", "csv"] as const) {
    let text = "";
    const write = (bytes: Uint8Array) => text += new TextDecoder().decode(bytes);
    const output = new Output({ sinks: [{ format, write }] });
    output.stream("e", schema).write(new Uint8Array(28), "packed");
    output.end();
    assert.doesNotMatch(text, UNSEEN, format);
    if (format === "jsonl") assert.equal(Object.keys(JSON.parse(text)).length, 6);
  }
});

/** Any bytes: framing that lies, records of any length. */
Deno.test("an output survives batches of any bytes", () => {
  const random = new Random(chooseSeed());
  const schema = schemaFromText(
    "u64 ts @time; float f; char comm[16]; u8 saddr[16]; u16 list[9]; bool b; u32 m @mode; u64 k @ksym",
    "event",
  );
  const sinks = (["columns", "jsonl", "json", "csv", "raw"] as const)
    .map((format) => ({ format, parts: [] as Uint8Array[] }));
  const narrow = { format: "columns" as const, parts: [] as Uint8Array[] };
  const output = new Output({
    sinks: [...sinks, narrow].map((sink, i) => ({
      format: sink.format,
      write: (bytes: Uint8Array) => void sink.parts.push(bytes.slice()),
      ...(i === sinks.length ? { width: 40 } : {}),
    })),
  });
  const stream = output.stream("e", schema);
  for (let round = 0; round < 300; round++) {
    const bytes = Uint8Array.from({ length: random.below(400) }, () => random.below(256));
    // Lengths that are possible now and then.
    for (let at = 0; at + 8 < bytes.length; at += 8) {
      if (random.below(2) === 0) bytes.fill(0, at, at + 3);
    }
    stream.write(bytes, random.below(2) === 0 ? "framed" : "packed");
  }
  output.end();
  const [columns = "", jsonl = "", json = "", csv = "", , cut = ""] = [...sinks, narrow]
    .map(({ parts }) => parts.map((part) => new TextDecoder().decode(part)).join(""));
  for (const text of [columns, jsonl, json, csv, cut]) assert.doesNotMatch(text, UNSEEN);
  const rows = jsonl.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.ok(rows.length > 100);
  assert.deepEqual(JSON.parse(json), rows);
  for (const line of cut.split("\n")) assert.ok(textWidth(line) <= 40, line);
});

const SAMPLES = [
  "u64 ts @time; u32 pid; char comm[16]; struct { u32 saddr @ipv4; u16 dport; } peer;",
  "packed { u8 a; void *p; double d[2][3]; }",
].map((text) => new TextEncoder().encode(text));

const TEXT = survives("schemaFromText()", SAMPLES, (bytes) => {
  schemaFromText(new TextDecoder().decode(bytes), "event");
});
Deno.test(TEXT);

const FILTERS = [
  'pid == 1 && comm.startsWith("ba") || x in [1, 2]',
  "size(comm) > -3 ? true : !false",
]
  .map((text) => new TextEncoder().encode(text));

const FILTER_SCHEMA = schemaFromText("u32 pid; s64 x; char comm[16]; float f; u8 list[3]", "event");

const FILTER = survives("loadFilter()", FILTERS, async (bytes) => {
  const filter = await loadFilter(new TextDecoder().decode(bytes));
  const record = new Uint8Array(FILTER_SCHEMA.size);
  filter.compile(FILTER_SCHEMA, "event")(record, new DataView(record.buffer), 0);
});
Deno.test(FILTER);

function annotated(): Uint8Array<ArrayBuffer> {
  const builder = new BtfBuilder();
  const int = builder.int("int", 4, 1);
  const comm = builder.array(builder.int("char", 1, 1), 16);
  const id = builder.record("event", 24, [
    member("pid", int, 0),
    member("comm", comm, 4),
    { name: "bits", type: int, bitOffset: 160, bits: 5 },
  ]);
  const marker = builder.raw({ name: "m", kind: Kind.Var, word: builder.pointer(id) }, 1);
  builder.raw({ name: "records:rb", kind: Kind.DeclTag, word: marker }, 0xffffffff);
  builder.raw({ name: "format:hex", kind: Kind.DeclTag, word: id }, 0);
  return builder.bytes();
}

/** Inputs: every type of each is tried. */
const INPUTS = soakSize({ short: 500, whole: 100_000 });

Deno.test("schemaOf() survives generated types", () => {
  const seed = chooseSeed();
  const random = new Random(seed);
  for (let count = 0; count < INPUTS; count++) {
    const bytes = changed(annotated(), random);
    try {
      const btf = new Btf(bytes);
      readAnnotations(btf);
      for (let id = 0; id < Math.min(btf.count, 32); id++) {
        try {
          const schema = schemaOf(btf, id);
          if (schema.size > 1 << 16) continue;
          const output = new Output({ sinks: [{ format: "jsonl", write: () => {} }] });
          output.stream("e", schema).write(new Uint8Array(schema.size), "packed");
        } catch (error) {
          if (!(error instanceof HostError)) throw new Error(`SEED=${seed}`, { cause: error });
        }
      }
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
    }
  }
});
