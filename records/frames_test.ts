/** Tests of stacks in records: columns, JSON and folded lines. */
import assert from "node:assert/strict";
import { processOf } from "./frames.ts";
import { Output, type OutputFormat } from "./mod.ts";
import type { Resolvers } from "./resolvers.ts";
import type { Field, Schema } from "./schema.ts";

const int = (name: string, offset: number, bytes: 4 | 8, format: Field["format"]): Field => ({
  name,
  path: [name],
  offset,
  size: bytes,
  type: { kind: "int", bytes, signed: true },
  format,
});

const COMM: Field = {
  name: "comm",
  path: ["comm"],
  offset: 16,
  size: 8,
  type: { kind: "bytes", length: 8, signed: false },
  format: { name: "str" },
};
const KEY: Schema = {
  name: "counts",
  size: 32,
  weight: "value",
  fields: [
    int("pid", 0, 4, { name: "dec" }),
    int("user_stack_id", 4, 4, { name: "ustack" }),
    int("kern_stack_id", 8, 4, { name: "kstack" }),
    COMM,
    int("value", 24, 8, { name: "dec" }),
  ],
};

const KERNEL = 0xffffffff81000000n;
const RESOLVERS: Resolvers = {
  stack: (id) => id === 5 ? [0x1010n, 0x2000n] : id === 6 ? [KERNEL, KERNEL + 0x20n] : undefined,
  userSymbol: (address, pid) =>
    pid !== 77
      ? undefined
      : address < 0x1fffn
      ? `leaf+0x${(address - 0x1000n).toString(16)}`
      : "[x;+0x2]",
  kernelSymbol: (address) => `vfs+0x${(address - KERNEL).toString(16)}`,
};

function rows(...records: readonly (readonly [pid: number, user: number, kernel: number])[]) {
  const bytes = new Uint8Array(records.length * 32);
  const view = new DataView(bytes.buffer);
  records.forEach(([pid, user, kernel], i) => {
    view.setInt32(i * 32, pid, true);
    view.setInt32(i * 32 + 4, user, true);
    view.setInt32(i * 32 + 8, kernel, true);
    bytes.set(new TextEncoder().encode("a;b\x1b"), i * 32 + 16);
    view.setBigInt64(i * 32 + 24, 3n, true);
  });
  return bytes;
}

function shown(
  format: OutputFormat,
  bytes: Uint8Array,
  { folded = false }: { folded?: boolean } = {},
): string {
  let text = "";
  const output = new Output({
    sinks: [{ format, write: (part) => text += new TextDecoder().decode(part) }],
    resolvers: RESOLVERS,
    folded,
  });
  output.table("counts", KEY).rows(bytes);
  output.end();
  return text;
}

Deno.test("columns show the frames of a stack below its row", () => {
  assert.equal(
    shown("columns", rows([77, 5, 6])),
    "    PID COMM    VALUE\n" +
      "     77 a;b\\x1b     3\n" +
      "    leaf+0x10\n    [x;+0x3]\n    --\n    vfs+0x0\n    vfs+0x20\n",
  );
});

Deno.test("columns show the number of a stack that its map does not have", () => {
  assert.match(shown("columns", rows([77, -17, -14])), /\n {4}\[no stack -17\]\n$/);
});

Deno.test("JSON joins frames, and numbers ids without a stack", () => {
  const record = JSON.parse(shown("jsonl", rows([77, 5, 6])));
  assert.equal(record.user_stack_id, "leaf+0x10;[x:+0x3]");
  assert.equal(record.kern_stack_id, "vfs+0x0;vfs+0x20");
  const other = JSON.parse(shown("jsonl", rows([78, 5, 9])));
  assert.equal(other.user_stack_id, "0x1010;0x2000", "no symbols of that process");
  assert.equal(other.kern_stack_id, 9);
});

Deno.test("--folded prints a line a stack, the outermost frame first", () => {
  assert.equal(
    shown("columns", rows([77, 5, 6], [77, -14, 6]), { folded: true }),
    "a:b\\x1b;[x:];leaf;vfs;vfs 3\na:b\\x1b;vfs;vfs 3\n",
  );
});

Deno.test("arrays of addresses end with their size, or at zero", () => {
  const stack: Field = {
    name: "kstack",
    path: ["kstack"],
    offset: 8,
    size: 32,
    type: {
      kind: "array",
      element: { kind: "int", bytes: 8, signed: false },
      format: { name: "dec" },
      stride: 8,
      length: 4,
    },
    format: { name: "kstack" },
    used: { offset: 0, size: 4 },
  };
  const schema: Schema = { name: "event", size: 40, fields: [stack] };
  const record = (size: number) => {
    const bytes = new Uint8Array(40);
    const view = new DataView(bytes.buffer);
    view.setInt32(0, size, true);
    for (const at of [8, 16, 24]) view.setBigUint64(at, KERNEL + BigInt(at), true);
    return bytes;
  };
  let text = "";
  const output = new Output({
    sinks: [{ format: "jsonl", write: (part) => text += new TextDecoder().decode(part) }],
    resolvers: RESOLVERS,
  });
  const stream = output.stream("events", schema);
  for (const size of [16, 32, 1 << 30, -14]) stream.write(record(size), "packed");
  output.end();
  assert.deepEqual(text.trim().split("\n").map((line) => JSON.parse(line).kstack), [
    "vfs+0x8;vfs+0x10",
    "vfs+0x8;vfs+0x10;vfs+0x18",
    "vfs+0x8;vfs+0x10;vfs+0x18",
    "",
  ]);
});

Deno.test("processOf() takes the upper half of a process and its thread", () => {
  const both = int("pid_tgid", 8, 8, { name: "dec" });
  assert.deepEqual(processOf([both])?.offset, 12);
  assert.equal(processOf([both])?.size, 4);
  assert.equal(processOf([both, int("tgid", 0, 4, { name: "dec" })])?.offset, 0);
  assert.equal(processOf([int("tgid_count", 0, 8, { name: "dec" })]), undefined);
});
