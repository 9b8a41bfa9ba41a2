/**
 * Benchmark: records as text.
 *
 * Events of 64 bytes with 8 fields (a time, a duration, an enum, a text) as JSON and as columns, to
 * /dev/null, per event; compared with a C program that prints the same by printf. A filter that drops
 * every event. 100,000 entries of a map, sorted, as a table. Exit code 1 when a bound is missed.
 */
import {
  loadFilter,
  Output,
  type OutputFormat,
  type Schema,
  schemaFromText,
} from "../records/mod.ts";
import { median, report, type Row } from "./report.ts";

const NATIVE = ".cache/bench/records";
const ROUNDS = 7;
/** Times that the batch of events is written. */
const WRITES = 500;
const EVENTS = 1000;
const EVENT_BYTES = 64;
const ENTRIES = 100_000;

const STATES = ["CLOSED", "OPEN", "SENT", "RECEIVED"]
  .map((name, i) => ({ name, value: BigInt(i) }));

/** `struct event` of `bench/native/records.c`. */
function eventSchema(): Schema {
  const schema = schemaFromText(
    "u64 ts @time; u64 lat_ns; u32 pid; u32 uid; s32 ret; u32 state; char comm[24]; u64 bytes @dec",
    "event",
  );
  const fields = schema.fields.map((field) =>
    field.name === "state"
      ? {
        ...field,
        type: { kind: "enum", bytes: 4, signed: false, names: STATES } as const,
        format: { name: "enum" } as const,
      }
      : field
  );
  return { ...schema, fields };
}

function events(): Uint8Array {
  const bytes = new Uint8Array(EVENTS * EVENT_BYTES);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < EVENTS; i++) {
    const at = i * EVENT_BYTES;
    view.setBigUint64(at, BigInt(Math.floor(i / 100)) * 1_000_000_000n + BigInt(i * 123_457), true);
    view.setBigUint64(at + 8, BigInt(i * 12_345), true);
    view.setUint32(at + 16, 1000 + i * 7, true);
    view.setUint32(at + 20, i % 3, true);
    view.setInt32(at + 24, -(i % 5), true);
    view.setUint32(at + 28, i % 4, true);
    bytes.set(new TextEncoder().encode(`process-${i % 50}`), at + 32);
    view.setBigUint64(at + 56, BigInt(i * 1_234_567), true);
  }
  return bytes;
}

async function native(...args: string[]): Promise<number> {
  const { success, stderr } = await new Deno.Command(NATIVE, {
    args,
    stdin: "null",
    stdout: "null",
    env: { TZ: "UTC" },
  }).output();
  if (!success) throw new Error(`${NATIVE} ${args.join(" ")} failed`);
  return Number(new TextDecoder().decode(stderr));
}

/** Nanoseconds per event. */
function ours(output: Output, schema: Schema): () => number {
  if (schema.size !== EVENT_BYTES) throw new Error(`an event has ${schema.size} bytes`);
  const stream = output.stream("events", schema);
  const batch = events();
  return () => {
    const start = performance.now();
    for (let i = 0; i < WRITES; i++) stream.write(batch, "packed");
    return (performance.now() - start) * 1e6 / WRITES / EVENTS;
  };
}

async function printing(format: OutputFormat, file: Deno.FsFile): Promise<Row> {
  const output = new Output({
    sinks: [{ format, write: (bytes) => void file.writeSync(bytes) }],
    time: false,
  });
  const run = ours(output, eventSchema());
  run();
  const pairs: { native: number; wasmBpf: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    pairs.push({ native: await native(format, String(WRITES)), wasmBpf: run() });
  }
  return {
    what: `${format} of a 64-byte event of 8 fields`,
    unit: "ns",
    native: median(pairs.map((pair) => pair.native)),
    wasmBpf: median(pairs.map((pair) => pair.wasmBpf)),
    ratio: median(pairs.map((pair) => pair.wasmBpf / pair.native)),
    atMost: { ratio: 2 },
  };
}

async function filtering(): Promise<Row> {
  const filter = await loadFilter(
    'pid == 1 || ret > 0 || comm.startsWith("bash") && state == "OPEN"',
  );
  const output = new Output({ sinks: [{ format: "jsonl", write: () => {} }], filter });
  const run = ours(output, eventSchema());
  run();
  const figures = Array.from({ length: ROUNDS }, run);
  const wasmBpf = median(figures);
  return {
    what: "filter that drops every event",
    unit: "ns",
    // No C program filters by an expression: the bound is a figure.
    native: wasmBpf,
    wasmBpf,
    ratio: 1,
    atMost: { figure: 60 },
  };
}

async function sorting(file: Deno.FsFile): Promise<Row> {
  const schema = schemaFromText("u64 count; u32 key; u32 cpu", "counts");
  const rows = new Uint8Array(ENTRIES * schema.size);
  const view = new DataView(rows.buffer);
  for (let i = 0; i < ENTRIES; i++) {
    view.setBigUint64(i * 16, BigInt(i) * 2_654_435_761n % 1_000_003n, true);
    view.setUint32(i * 16 + 8, i, true);
    view.setUint32(i * 16 + 12, i % 8, true);
  }
  const pairs: { native: number; wasmBpf: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const other = await native("table");
    // A new output each time: the first table of a run has the bound.
    const start = performance.now();
    const output = new Output({
      sinks: [{ format: "columns", write: (bytes) => void file.writeSync(bytes) }],
      sort: [{ field: "count", descending: true }],
    });
    output.table("counts", schema).rows(rows);
    output.end();
    pairs.push({ native: other, wasmBpf: performance.now() - start });
  }
  return {
    what: "100,000 map entries, sorted, as a table",
    unit: "ms",
    native: median(pairs.map((pair) => pair.native)),
    wasmBpf: median(pairs.map((pair) => pair.wasmBpf)),
    ratio: median(pairs.map((pair) => pair.wasmBpf / pair.native)),
    atMost: { figure: 1000 },
  };
}

async function main(): Promise<number> {
  using file = await Deno.open("/dev/null", { write: true });
  return report([
    await printing("jsonl", file),
    await printing("columns", file),
    await filtering(),
    await sorting(file),
  ]);
}

if (import.meta.main) Deno.exit(await main());
