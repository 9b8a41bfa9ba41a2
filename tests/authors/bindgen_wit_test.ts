/** Checks that the component model's tools, as npm has them today, accept `gen wit`'s output. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { generate } from "../../bindgen/mod.ts";
import { WIT_TOOLS } from "../../build/steps/wit_tools.ts";
import { compileCorpus, runTool } from "../support/bindgen/corpus.ts";
import { fromFileUrl } from "../support/paths.ts";
import { chooseSeed } from "../support/random.ts";

const VMLINUX = "/sys/kernel/btf/vmlinux";
const TOOLS = fromFileUrl(`../../${WIT_TOOLS}`);
const seed = chooseSeed();

interface Outcome {
  file: string;
  wat?: string;
  error?: string;
}

async function parse(files: readonly string[]): Promise<Outcome[]> {
  const script = fromFileUrl("bindgen/parse_wit.ts");
  const output = await runTool("deno", [
    ...["run", "-A", "--no-check", "--no-lock", "--config", join(TOOLS, "deno.json"), script],
    ...[`file://${TOOLS}/jco-transpile/vendor/wasm-tools.js`, ...files],
  ]);
  return output.trim().split("\n").map((line) => JSON.parse(line) as Outcome);
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "bindgen-wit-" });
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test(`gen wit: the tools accept the corpus and the whole kernel (SEED=${seed})`, async () => {
  await inFolder(async (folder) => {
    const objects = (await compileCorpus(folder, seed)).map(({ object }) => object);
    const files: string[] = [];
    for (const path of [...objects, VMLINUX]) {
      const { text } = generate(await Deno.readFile(path), { target: "wit", source: path });
      const file = join(folder, `${files.length}.wit`);
      await Deno.writeTextFile(file, text);
      files.push(file);
    }
    const outcomes = await parse(files);
    assert.equal(outcomes.length, files.length);
    for (const { file, error } of outcomes) assert.equal(error, undefined, `${file}: ${error}`);
  });
});

Deno.test("gen wit: the tools read the same layouts as C", async () => {
  await inFolder(async (folder) => {
    const objects = await compileCorpus(folder, seed);
    const maps = objects.find(({ name }) => name === "maps_clang19");
    assert.ok(maps);
    const file = join(folder, "maps.wit");
    const bytes = await Deno.readFile(maps.object);
    const { text } = generate(bytes, { target: "wit", source: "maps.bpf.o" });
    // A component contains only the types that its functions need.
    const use = "use types.{mp-value}; import show: func(value: mp-value);";
    await Deno.writeTextFile(file, text.replace("import types;", use));
    const [outcome] = await parse([file]);
    const wat = outcome?.wat ?? "";
    assert.match(
      wat,
      /\(record \(field "count" u64\) \(field "total" s64\) \(field "first" \S+\)\)/,
    );
    assert.match(wat, /\(list s8\)/);
    assert.match(wat, /\(record \(field "pid" u32\) \(field "comm" \S+\)\)/);
  });
});

Deno.test("the tools refuse invalid WIT", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "old.wit");
    // Output of btf2wit, in an older syntax.
    await Deno.writeTextFile(file, "default world host { record s1 { a: list<s32> } }");
    const [outcome] = await parse([file]);
    assert.match(outcome?.error ?? "", /expected/);
  });
});
