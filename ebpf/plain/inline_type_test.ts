import assert from "node:assert/strict";
import { resolve, Sizes } from "../btf/mod.ts";
import { inlineType } from "./inline_type.ts";

Deno.test("inlineType() reads an array without a length at the end of members", () => {
  const { btf, id } = inlineType("{u32 number; char data[];}");
  const { type } = resolve(btf, id);
  assert.ok(type.kind === "struct");
  const last = resolve(btf, type.members[1]?.type ?? 0).type;
  assert.deepEqual([last.kind, last.kind === "array" && last.length], ["array", 0]);
  assert.equal(new Sizes(btf).of(id), 4);
  assert.throws(() => inlineType("{u32 number; char data[2][];}"), { code: "BAD_TYPE" });
});
