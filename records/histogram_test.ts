import assert from "node:assert/strict";
import { Btf } from "../ebpf/btf/mod.ts";
import { BtfBuilder } from "../tests/support/btf_builder.ts";
import {
  loadFilter,
  Output,
  type OutputFormat,
  type OutputOptions,
  parseAggregate,
  parseFields,
  parseSort,
  RecordsError,
  schemaFromText,
  schemaOf,
} from "./mod.ts";

/** `struct { u32 pid; u32 slots[LENGTH]; }` */
function schema(length: number) {
  const builder = new BtfBuilder();
  const u32 = builder.int("unsigned int", 4);
  const slots = builder.array(u32, length);
  const id = builder.record("hist", 4 + 4 * length, [
    { name: "pid", type: u32, bitOffset: 0 },
    { name: "slots", type: slots, bitOffset: 32 },
  ]);
  return schemaOf(new Btf(builder.bytes()), id);
}

function text(format: OutputFormat, use: (output: Output) => void, time?: boolean): string {
  let text = "";
  const write = (bytes: Uint8Array) => text += new TextDecoder().decode(bytes);
  const output = new Output({ sinks: [{ format, write }], time });
  use(output);
  output.end();
  return text;
}

const COUNTS = Uint8Array.from(new Uint8Array(new Uint32Array([7, 1, 0, 40, 20, 0]).buffer));

Deno.test("Output.histogram() draws bcc's chart up to the last slot in use", () => {
  const shown = text("columns", (output) => {
    output.histogram("h", schema(5), { field: "slots", unit: "usecs" }).rows(COUNTS);
  });
  assert.equal(
    shown,
    "pid = 7\n" +
      "     usecs               : count    distribution\n" +
      "         0 -> 1          : 1        |*                                       |\n" +
      "         2 -> 3          : 0        |                                        |\n" +
      "         4 -> 7          : 40       |****************************************|\n" +
      "         8 -> 15         : 20       |********************                    |\n",
  );
});

Deno.test("Output.histogram() writes intervals in JSON and CSV", () => {
  const spec = { field: "slots", unit: "ms", scale: { kind: "linear", step: 10 } } as const;
  const show = (output: Output) => output.histogram("h", schema(5), spec).rows(COUNTS);
  const [row] = text("jsonl", show).trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(row.pid, 7);
  assert.equal(row.unit, "ms");
  assert.deepEqual(row.hist[2], { min: 20, max: 29, count: 40 });
  assert.equal(row.hist.length, 4);
  assert.match(text("csv", show), /^pid,min,max,count\r\n7,0,9,1\r\n/);
});

Deno.test("Output.histogram() keeps members that are named as what is added", () => {
  const own = schemaFromText("u32 source; u32 time; u32 slots[2]", "h");
  const show = (output: Output) => {
    output.histogram("h", own, { field: "slots" }).rows(
      Uint8Array.from([7, 0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0]),
    );
  };
  const twice = (output: Output) => {
    output.stream("second", own);
    show(output);
  };
  const { _source, source, time, _time } = JSON.parse(text("jsonl", twice, true));
  assert.deepEqual([_source, source, time], ["h", 7, 8]);
  assert.ok(!Number.isNaN(Date.parse(_time)), _time);
  assert.match(text("csv", show, true), /^_time,source,time,min,max,count\r\n/);
});

Deno.test("Output.histogram() writes the time if it is wanted", () => {
  const show = (output: Output) =>
    output.histogram("h", schema(5), { field: "slots" }).rows(COUNTS);
  const [row] = text("jsonl", show, true).trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual([row.time, row.pid], ["1970-01-01T00:00:00.000000000Z", 7]);
  assert.match(text("csv", show, true), /^time,pid,min,max,count\r\n1970-[^,]*Z,7,0,1,1\r\n/);
  const twice = text("columns", (output) => {
    const histogram = output.histogram("h", schema(5), { field: "slots" });
    histogram.rows(Uint8Array.from([...COUNTS, ...COUNTS]));
    histogram.rows(COUNTS);
  }, true);
  const heads = twice.split("\n").filter((line) => !line.includes("->") && !line.includes(" : "));
  const [time, chart] = ["00:00:00", "pid = 7"];
  assert.deepEqual(heads, [time, chart, "", chart, "", time, chart, ""]);
});

Deno.test("Output.histogram() writes an array of JSON for each interval, also without a chart", () => {
  const shown = text("json", (output) => {
    const histogram = output.histogram("h", schema(5), { field: "slots" });
    histogram.rows(COUNTS);
    histogram.rows(new Uint8Array(0));
    histogram.rows(Uint8Array.from([...COUNTS, ...COUNTS]));
  });
  const arrays = shown.replaceAll("\n]\n", "]\n").replaceAll(/([[,])\n/g, "$1").trim().split("\n")
    .map((line) => JSON.parse(line) as { pid: number }[]);
  assert.deepEqual(arrays.map((array) => array.map(({ pid }) => pid)), [[7], [], [7, 7]]);
});

Deno.test("Output.histogram() refuses a field that holds no slots", () => {
  assert.throws(
    () => text("columns", (output) => output.histogram("h", schema(5), { field: "pid" })),
    (error) => error instanceof RecordsError && error.code === "BAD_SCHEMA",
  );
});

Deno.test("Output.stacks() folds stacks from the outermost frame", () => {
  const sample = {
    kernel: ["k2", "k1"],
    user: ["b;x", "main"],
    comm: "sh\x1b",
    pid: 3,
    count: 12n,
  };
  const folded = text(
    "columns",
    (output) => output.stacks("s", { folded: true }).rows([{ ...sample, count: 2n }, sample]),
  );
  assert.equal(folded, "sh\\x1b;main;b:x;k1;k2 12\nsh\\x1b;main;b:x;k1;k2 2\n");
  const [json] = text("jsonl", (output) => output.stacks("s").rows([sample])).trim().split("\n");
  assert.deepEqual(JSON.parse(json ?? ""), {
    comm: "sh\x1b",
    pid: 3,
    kernel: ["k2", "k1"],
    user: ["b;x", "main"],
    count: 12,
  });
});

Deno.test("Output.hex() shows size and first bytes of events without a type", () => {
  const event = new Uint8Array(8 + 24).fill(0x41, 8);
  event[0] = 20;
  event[9] = 0x1b;
  const shown = text("columns", (output) => output.hex("rb").write(event));
  assert.equal(shown, `rb    20 41 1b ${"41 ".repeat(14).trim()}… A.${"A".repeat(14)}…\n`);
  const json = JSON.parse(text("jsonl", (output) => output.hex("rb").write(event)));
  assert.deepEqual(json, { source: "rb", size: 20, hex: `411b${"41".repeat(18)}` });
});

Deno.test("Output.hex() refuses options that name fields", async () => {
  const filter = await loadFilter("pid == 1");
  const changes: Partial<OutputOptions>[] = [
    { filter },
    { aggregate: parseAggregate("count") },
    { fields: parseFields("pid") },
    { sort: parseSort("pid") },
  ];
  for (const options of changes) {
    assert.throws(
      () => new Output({ ...options, sinks: [] }).hex("rb"),
      (error) => error instanceof RecordsError && error.code === "UNKNOWN_FIELD",
    );
  }
});
