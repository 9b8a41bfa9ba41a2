import assert from "node:assert/strict";
import { join } from "node:path";
import { compileCorpus, runTool } from "../support/bindgen/corpus.ts";
import { fromFileUrl } from "../support/paths.ts";
import { chooseSeed } from "../support/random.ts";
import { soakSize } from "../support/soak.ts";

const RUNS = soakSize({ short: 10_000, whole: 200_000 });
const OBJECTS = /^(maps|core|bitfields|nested|enums|collide)_clang19$/;

interface Outcome {
  runs: number;
  answers: Record<string, number>;
  slowestMs: number;
  peakBytes: number;
}

const seed = chooseSeed();

Deno.test(`gen: ${RUNS} damaged objects, each handled with an error of gen or a text (SEED=${seed})`, async () => {
  const folder = await Deno.makeTempDir({ prefix: "bindgen-fuzz-" });
  try {
    const objects = (await compileCorpus(folder, seed)).filter(({ name }) => OBJECTS.test(name));
    const paths: string[] = [];
    for (const { object, name } of objects) {
      const path = join(folder, `${name}.stripped.o`);
      await runTool("llvm-strip", ["-g", object, "-o", path]);
      paths.push(path);
    }
    assert.equal(paths.length, 6);
    const script = fromFileUrl("bindgen/fuzz.ts");
    // Separate process, so that its peak memory is that of gen.
    const output = await runTool("deno", [
      ...["run", "-A", "--no-check", "--v8-flags=--max-old-space-size=160", script],
      ...[String(seed), String(RUNS), ...paths],
    ]);
    const { runs, answers, slowestMs, peakBytes } = JSON.parse(output) as Outcome;
    assert.equal(runs, RUNS);
    for (const name of ["text", "BtfError", "ElfError"]) {
      assert.ok((answers[name] ?? 0) > RUNS / 50, `${name}: ${output}`);
    }
    assert.ok(slowestMs < 1000, `slowest: ${slowestMs} ms`);
    assert.ok(peakBytes < 256 << 20, `memory: ${peakBytes} bytes`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
