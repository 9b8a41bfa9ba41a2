import assert from "node:assert/strict";
import { stackOf } from "./flame.ts";

const FIELDS = [
  { name: "comm", path: ["comm"], isNumber: false, format: "str" },
  { name: "kernel", path: ["ids", "kernel"], isNumber: false, format: "kstack" },
  { name: "user", path: ["ids", "user"], isNumber: false, format: "ustack" },
  { name: "count", path: ["count"], isNumber: true, format: "dec" },
];
const OPENED = {
  t: "open" as const,
  ...{ id: 0, source: "samples", isStream: false, charted: [], weight: "count", fields: FIELDS },
};

Deno.test("stackOf() joins a task, user and kernel frames, the outermost first", () => {
  const row = {
    comm: "sh",
    ids: { kernel: "inner+0x4;[mod+0x12]", user: "0x5595dcb4c470;work+0xa1;main" },
    count: 7,
  };
  assert.deepEqual(stackOf(row, OPENED), {
    frames: ["sh", "main", "work", "0x5595dcb4c470", "[mod]", "inner"],
    count: 7,
  });
});

Deno.test("stackOf() shows a stack that is gone as such, and none of a task without one", () => {
  const row = { comm: "sh", ids: { kernel: "", user: -17 }, count: 1 };
  assert.deepEqual(stackOf(row, OPENED).frames, ["sh", "[no stack]"]);
});
