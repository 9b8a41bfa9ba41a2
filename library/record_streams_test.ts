import assert from "node:assert/strict";
import { Btf } from "../ebpf/btf/mod.ts";
import { schemaOf, valuePlan } from "../records/mod.ts";
import { BtfBuilder } from "../tests/support/btf_builder.ts";
import { RecordStreams } from "./record_streams.ts";

/** Returns a batch: a record of each size, with 1 in every byte. */
function batchOf(...sizes: readonly number[]): Uint8Array {
  return new Uint8Array(sizes.flatMap((size) => {
    const padding = new Array(Math.ceil(size / 8) * 8 - size).fill(255);
    return [size, 0, 0, 0, 0, 0, 0, 0, ...new Array(size).fill(1), ...padding];
  }));
}

Deno.test("records with a flexible array are read up to the end of their struct", async () => {
  const b = new BtfBuilder();
  const u32 = b.int("unsigned int", 4);
  // No compiler puts a member after the array.
  const id = b.record("event", 104, [
    { name: "number", type: u32, bitOffset: 0 },
    { name: "data", type: b.array(u32, 0), bitOffset: 32 },
    { name: "", type: u32, bitOffset: 800 },
  ]);
  const btf = new Btf(b.bytes());
  const schema = schemaOf(btf, id, { isFramed: true });
  const streams = new RecordStreams({ name: "run", maxBytes: undefined });
  const plan = valuePlan(btf, id);
  streams.open(1, { name: "events", kind: "events", framing: "framed", schema, plan });
  const values = streams.records("events");
  streams.push(1, batchOf(104, 8, 4), 0, () => {});
  streams.end();
  assert.deepEqual(await Array.fromAsync(values), [
    { number: 0x01010101, unnamed_2: 0x01010101 },
    { number: 0x01010101, unnamed_2: 0 },
    { number: 0x01010101, unnamed_2: 0 },
  ]);
});
