import assert from "node:assert/strict";
import { hintForOtherTool, misplacedOption } from "./mistakes.ts";

Deno.test("misplacedOption() finds an option of wasm-bpf after a module that failed", () => {
  for (const code of [1, 2, 64]) {
    assert.match(misplacedOption(code, ["a.wasm", "-x", "--timeout", "1s"]) ?? "", /--timeout … a/);
  }
  assert.match(
    misplacedOption(2, ["a.wasm", "--max-memory=1M"]) ?? "",
    /--max-memory=1M … a\.wasm/,
  );
});

Deno.test("misplacedOption() ignores the module's own options", () => {
  assert.equal(misplacedOption(0, ["a.wasm", "--timeout", "1s"]), undefined);
  assert.equal(misplacedOption(3, ["a.wasm", "--timeout", "1s"]), undefined);
  assert.equal(misplacedOption(1, ["a.wasm", "--verbose", "--other", "--", "--env=A"]), undefined);
  assert.equal(misplacedOption(1, ["a.wasm", "--constructor"]), undefined);
  assert.equal(misplacedOption(1, ["--timeout"]), undefined);
});

Deno.test("hintForOtherTool() finds commands of other tools but no JavaScript properties", () => {
  for (const word of ["attach", "kill", "version", "save"]) {
    assert.ok(hintForOtherTool(word) !== undefined, word);
  }
  assert.equal(hintForOtherTool("constructor"), undefined);
  assert.equal(hintForOtherTool("run"), undefined);
});
