import assert from "node:assert/strict";
import { HostError } from "../ffi/errors.ts";
import { BpfError } from "./errors.ts";
import { Reports } from "./reports.ts";

function collect(errors: readonly string[]): HostError[] {
  const seen: HostError[] = [];
  const reports = new Reports((error) => seen.push(error));
  for (const message of errors) reports.note(new HostError(message, { code: "TEST" }));
  return seen;
}

Deno.test("Reports.note() hands on each error once", () => {
  assert.deepEqual(collect(["a", "b", "a"]).map(({ message }) => message), ["a", "b"]);
});

Deno.test("Reports.note() reports once that there are more than a hundred errors", () => {
  const seen = collect(Array.from({ length: 1000 }, (_, i) => `error ${i}`));
  assert.equal(seen.length, 101);
  assert.deepEqual([seen[99]?.message, seen[100]?.code], ["error 99", "MORE_ERRORS"]);
});

Deno.test("Reports.note() hands on each reason of the same words once", () => {
  const seen: HostError[] = [];
  const reports = new Reports((error) => seen.push(error));
  const refuse = (detail: string, hint?: string) =>
    reports.note(new BpfError('load program "f"', 13, { detail, hint }));
  refuse("R1 invalid mem access\nprocessed 3 insns");
  refuse("R2 !read_ok\nprocessed 3 insns");
  refuse("verification time 17 usec\nR2 !read_ok\nprocessed 3 insns");
  refuse("verification time 29 usec\nR2 !read_ok\nprocessed 3 insns");
  refuse("R2 !read_ok\nprocessed 3 insns", "another way out");
  const start = "x".repeat(100_000);
  refuse(`${start}\nlast`);
  refuse(`${start}\nother`);
  refuse(`${start}\nother`);
  assert.equal(seen.length, 5);
});

Deno.test("BpfError truncates text that comes from a guest", () => {
  const error = new BpfError(`find map "${"x".repeat(4000)}"`, 2, { hint: "y".repeat(100_000) });
  assert.ok(error.message.length < 600, error.message);
  assert.match(error.message, /^Cannot find map "x+…: ENOENT/);
  assert.ok((error.hint?.length ?? 0) < 4000);
});
