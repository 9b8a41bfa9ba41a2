import assert from "node:assert/strict";
import { Btf } from "../ebpf/btf/mod.ts";
import { BtfBuilder } from "../tests/support/btf_builder.ts";
import {
  Output,
  type OutputFormat,
  parseFormats,
  RecordsError,
  schemaFromText,
  schemaOf,
} from "./mod.ts";

/** `struct event { u64 lat_ns; u32 pid; char comm[16]; }` */
function eventSchema() {
  const builder = new BtfBuilder();
  const u64 = builder.int("unsigned long long", 8);
  const u32 = builder.int("unsigned int", 4);
  const comm = builder.array(builder.int("char", 1, 1), 16);
  const id = builder.record("event", 32, [
    { name: "lat_ns", type: u64, bitOffset: 0 },
    { name: "pid", type: u32, bitOffset: 64 },
    { name: "comm", type: comm, bitOffset: 96 },
  ]);
  return schemaOf(new Btf(builder.bytes()), id);
}

function event(latency: bigint, pid: number, comm: string): Uint8Array {
  const bytes = new Uint8Array(40);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 32, true);
  view.setBigUint64(8, latency, true);
  view.setUint32(16, pid, true);
  bytes.set(new TextEncoder().encode(comm), 20);
  return bytes;
}

function show(format: OutputFormat, batches: Uint8Array[], width?: number): string {
  let text = "";
  const output = new Output({
    sinks: [{
      format,
      write: (bytes) => text += new TextDecoder().decode(bytes),
      ...(width === undefined ? {} : { width }),
    }],
    time: false,
  });
  const stream = output.stream("events", eventSchema());
  batches.forEach((batch) => stream.write(batch));
  output.end();
  return text;
}

const TWO = new Uint8Array([
  ...event(1_500_000n, 1, "init"),
  ...event(2n ** 64n - 1n, 42, "a\x1b[31m"),
]);

Deno.test("Output writes one JSON object a line with all digits", () => {
  assert.equal(
    show("jsonl", [TWO]),
    '{"lat_ns":1500000,"pid":1,"comm":"init"}\n' +
      '{"lat_ns":18446744073709551615,"pid":42,"comm":"a\\u001b[31m"}\n',
  );
});

Deno.test("Output writes aligned columns without control bytes", () => {
  assert.equal(
    show("columns", [TWO]),
    "     LAT_NS     PID COMM\n" +
      "     1.50ms       1 init\n" +
      "5124095h34m      42 a\\x1b[31m\n",
  );
});

Deno.test("Output cuts rows to the terminal", () => {
  const lines = show("columns", [TWO], 24).trimEnd().split("\n");
  for (const line of lines) assert.ok([...line].length <= 24, line);
  assert.ok(lines[2]?.endsWith("…"), lines[2]);
});

Deno.test("schemaOf() refuses a struct that contains itself", () => {
  const builder = new BtfBuilder();
  const id = builder.record("a", 8, [{ name: "b", type: 1, bitOffset: 0 }]);
  assert.throws(
    () => schemaOf(new Btf(builder.bytes()), id),
    (error) => error instanceof RecordsError && error.code === "BAD_SCHEMA",
  );
});

Deno.test("columns of errors keep their width when the first rows have none", () => {
  const schema = schemaFromText("s32 ret @errno; u32 pid", "calls");
  let shown = "";
  const write = (bytes: Uint8Array) => shown += new TextDecoder().decode(bytes);
  const output = new Output({ sinks: [{ format: "columns", write }], time: false });
  const stream = output.stream("calls", schema);
  for (const ret of [3, -2]) {
    stream.write(new Uint8Array(new Int32Array([ret, 7]).buffer), "packed");
  }
  output.end();
  const [titles = "", first = "", second = ""] = shown.split("\n");
  assert.deepEqual([first.length, second.length], [titles.length, titles.length], shown);
});

Deno.test("parseFormats() reads several fields, and formats with a comma", () => {
  const formats = parseFormats("saddr=ipv4,dport=be16,lat=duration,us,x.y=enum:a");
  assert.deepEqual(
    formats.map(({ field, format }) => [field, format.name, format.argument]),
    [["saddr", "ipv4", undefined], ["dport", "be16", undefined], ["lat", "us", undefined]]
      .concat([["x.y", "enum", "a"]]),
  );
  assert.throws(() => parseFormats("saddr=ipv4,dport"), { code: "BAD_FORMAT" });
});

Deno.test("Output counts intervals of each table, and waits for all of them", () => {
  let text = "";
  const write = (bytes: Uint8Array) => void (text += new TextDecoder().decode(bytes));
  const output = new Output({ sinks: [{ format: "jsonl", write }], count: 2 });
  const schema = schemaFromText("u32 n", "table");
  const row = (n: number) => Uint8Array.of(n, 0, 0, 0);
  const [a, b] = [output.table("a", schema), output.table("b", schema)];
  for (const n of [1, 2]) {
    for (const table of [a, b]) {
      assert.equal(output.done, false);
      table.rows(row(n));
    }
  }
  assert.equal(output.done, true);
  output.end();
  assert.deepEqual(text.trim().split("\n").map((line) => JSON.parse(line)), [
    { source: "a", n: 1 },
    { source: "b", n: 1 },
    { source: "a", n: 2 },
    { source: "b", n: 2 },
  ]);
});

Deno.test("Output does not wait for a table that is never shown", () => {
  const output = new Output({ sinks: [], count: 2 });
  const schema = schemaFromText("u32 n", "table");
  const table = output.table("a", schema);
  output.table("never", schema);
  for (let i = 0; i < 3; i++) {
    assert.equal(output.done, false);
    table.rows(Uint8Array.of(i, 0, 0, 0));
  }
  assert.equal(output.done, true);
});

Deno.test("Output keeps tabs of printed lines, and leads them to cells of a terminal", () => {
  const shown = (width?: number) => {
    let text = "";
    const write = (bytes: Uint8Array) => void (text += new TextDecoder().decode(bytes));
    const sink = { format: "columns", write, ...(width && { width: () => width }) } as const;
    const output = new Output({ sinks: [sink] });
    output.text("dump", "1\tinit\x1b[1m\t|");
    output.end();
    return text;
  };
  assert.equal(shown(), "1\tinit\\x1b[1m\t|\n");
  assert.equal(shown(60), "1       init\\x1b[1m     |\n");
  assert.equal(shown(10), "1       i…\n");
});
