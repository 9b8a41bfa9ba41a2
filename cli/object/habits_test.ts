import assert from "node:assert/strict";
import { habitOf } from "./habits.ts";
import type { TableWish, Tool } from "./tool.ts";

/** Tool of that name with a table; without one, it shows records. */
function toolOf(name: string, table?: Partial<TableWish>): Tool {
  const tables = table === undefined ? [] : [{ map: "rows", ...table }];
  const declared = new Map(table === undefined ? [["events", {}]] : []);
  return { name, tables, declared, iterators: [] } as unknown as Tool;
}

const ORDERS: [tool: string, text: string, order: string | undefined][] = [
  ["filetop", "all", undefined],
  ["filetop", "reads", "-reads"],
  ["filetop", "wbytes", "-write_bytes"],
  ["filetop", "wbytes,+comm,-pid", "-write_bytes,+comm,-pid"],
  ["biotop", "io", "-count"],
  ["biotop", "time", "-total_ns"],
  ["tcptop", "sent", "-tx_bytes"],
  ["udptop", "received", "-rx_bytes"],
  ["swapin", "rbytes", "-rbytes"],
  ["constructor", "constructor", "-constructor"],
  ["filetop", "constructor", "-constructor"],
];

for (const [name, text, order] of ORDERS) {
  Deno.test(`habitOf() makes ${order ?? "no order"} of ${name} -s ${text}`, () => {
    const habit = habitOf(toolOf(name, {}), "s");
    assert.equal(habit?.name, "sort");
    assert.equal(habit?.translate?.(text), order);
  });
}

Deno.test("habitOf() takes letters of tables for tables alone", () => {
  const [top, table, records] = [toolOf("a", { clear: true }), toolOf("a", {}), toolOf("a")];
  for (const tool of [top, table]) {
    assert.deepEqual(habitOf(tool, "T"), { flag: "time" });
    assert.deepEqual(habitOf(tool, "r"), { name: "limit" });
    assert.equal(habitOf(tool, "t"), undefined);
  }
  assert.deepEqual(habitOf(top, "C"), {});
  for (const letter of ["C", "s"]) assert.equal(habitOf(records, letter), undefined);
  assert.equal(habitOf(table, "C"), undefined);
  for (const letter of ["T", "t"]) assert.deepEqual(habitOf(records, letter), {});
});
