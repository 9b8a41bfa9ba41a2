import assert from "node:assert/strict";
import { BuildError } from "../lib/errors.ts";
import { withCheckedSections } from "./third_party.ts";

const around = (condition: string) => `\t\tif (${condition}) {\n\t\t\tpr_warn("sec '%s'");\n`;
const FIXED = around("sec_off + prog_sz > sec_sz || sec_off + prog_sz < sec_off");

Deno.test("withCheckedSections() has libbpf 1.5 look at an overflow, as 1.7 does", () => {
  assert.equal(withCheckedSections(around("sec_off + prog_sz > sec_sz")), FIXED);
  assert.equal(withCheckedSections(FIXED), FIXED);
});

Deno.test("withCheckedSections() refuses a source without the check", () => {
  assert.throws(() => withCheckedSections("int main(void) {}"), BuildError);
});
