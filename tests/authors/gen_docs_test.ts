/** Checks that docs/gen.md shows `gen`'s output. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { generate, isTarget } from "../../bindgen/mod.ts";
import { runTool } from "../support/bindgen/corpus.ts";
import { fromFileUrl } from "../support/paths.ts";

const ROOT = fromFileUrl("../../");
const DOC = await Deno.readTextFile(join(ROOT, "docs/gen.md"));

/** Code blocks that follow `<!-- gen TARGET -->`. */
const SHOWN = [...DOC.matchAll(/<!-- gen (\w+) -->\n\n```\w*\n([^]*?)```/g)];

async function compileExample(): Promise<Uint8Array<ArrayBuffer>> {
  const folder = await Deno.makeTempDir({ prefix: "gen-docs-" });
  try {
    const source = /```c\n(#include <linux\/bpf.h>[^]*?)```/.exec(DOC)?.[1];
    assert.ok(source);
    await Deno.writeTextFile(join(folder, "trace.bpf.c"), source);
    const object = join(folder, "trace.bpf.o");
    await runTool("clang", [
      ...["-g", "-O2", "-Wall", "-Werror", "-target", "bpf"],
      ...["-isystem", `${ROOT}.cache/deps/uapi`, "-isystem", `${ROOT}.cache/deps/include`],
      ...["-idirafter", `/usr/include/${Deno.build.arch}-linux-gnu`],
      ...["-c", join(folder, "trace.bpf.c"), "-o", object],
    ]);
    return await Deno.readFile(object);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Removes indentation: a block's first line loses it when documents are formatted. */
function flushLeft(text: string): string {
  return text.replaceAll(/^[ \t]+/gm, "");
}

Deno.test("docs/gen.md shows the exact output of each language", async () => {
  const object = await compileExample();
  assert.equal(SHOWN.length, 6);
  for (const [, target = "", text = ""] of SHOWN) {
    assert.ok(isTarget(target));
    const made = generate(object, { target, source: "trace.bpf.o" });
    const isThere = flushLeft(made.text).includes(flushLeft(text).trimEnd());
    assert.ok(isThere, `${target}:\n${text}\n--- is not in ---\n${made.text}`);
    assert.deepEqual(made.notes, []);
  }
});
