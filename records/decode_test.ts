import assert from "node:assert/strict";
import { decodeRecordBatches, decodeRecords, loadFilter, schemaFromText } from "./mod.ts";

const SCHEMA = schemaFromText(
  "u64 ns; u32 pid; char comm[4]; struct { u64 a; bool b; } in",
  "event",
);

function record(pid: number): Uint8Array {
  const bytes = new Uint8Array(8 + SCHEMA.size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, SCHEMA.size, true);
  view.setBigUint64(8, 2n ** 64n - 1n, true);
  view.setUint32(16, pid, true);
  bytes.set([115, 104], 20);
  view.setBigUint64(24, 5n, true);
  bytes[32] = 1;
  return bytes;
}

Deno.test("decodeRecords() keeps 64-bit integers, and the order of members", () => {
  const [first, ...more] = decodeRecords(SCHEMA, record(7));
  assert.equal(more.length, 0);
  assert.deepEqual(Object.keys(first ?? {}), ["ns", "pid", "comm", "in"]);
  assert.equal(first?.["ns"], 2n ** 64n - 1n);
  assert.equal(first?.["pid"], 7);
  assert.equal(first?.["comm"], "sh");
  assert.deepEqual({ ...first?.["in"] as object }, { a: 5n, b: true });
});

Deno.test("decodeRecordBatches() decodes batches as they come, without what a filter drops", async () => {
  const filter = (await loadFilter("pid > 1")).compile(SCHEMA, "event");
  async function* batches() {
    yield await Promise.resolve(record(1));
    yield record(2);
    yield new Uint8Array([...record(3), ...record(4)]);
  }
  const pids: unknown[] = [];
  for await (const { pid } of decodeRecordBatches(SCHEMA, batches(), { filter })) pids.push(pid);
  assert.deepEqual(pids, [2, 3, 4]);
});
