import assert from "node:assert/strict";
import { type KernelResult, Progress, ResultReader } from "./kernel_progress.ts";

Deno.test("ResultReader.push() reports each case once its end has arrived", () => {
  const text = "boot\n@m 0\none\n@m\nwarning\n@m.\n@m 130\n@m\n@m.\n@m 1\ncut";
  for (let size = 1; size <= text.length; size++) {
    const results: KernelResult[] = [];
    const reader = new ResultReader("@m", (result) => results.push(result));
    for (let at = 0; at < text.length; at += size) reader.push(text.slice(at, at + size));
    assert.deepEqual(results, [
      { code: 0, stdout: "one\n", stderr: "warning\n" },
      { code: 130, stdout: "", stderr: "" },
    ]);
  }
});

Deno.test("Progress ends a machine once, when it lives without a result", () => {
  let ends = 0;
  const progress = new Progress(() => ends++);
  for (let i = 0; i < 10; i++) {
    progress.addBeats(50);
    progress.addResult();
  }
  assert.deepEqual([ends, progress.fault], [0, undefined]);
  progress.addBeats(50);
  progress.addBeats(50);
  progress.addBeats(1);
  assert.deepEqual([ends, progress.fault], [1, "a case hangs for 300 s"]);
  progress.stop();
});
