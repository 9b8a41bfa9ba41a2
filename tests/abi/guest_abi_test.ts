/** `docs/guest-abi.md`, the C headers and the signatures that the host checks agree. */
import assert from "node:assert/strict";
import { docExamples } from "../../build/steps/doc_examples.ts";
import {
  BPF_SIGNATURES,
  EXTENSION_SIGNATURES,
  type Signatures,
  WRAPPER_SIGNATURES,
} from "../../runtime/signatures.ts";
import { CliProcess, guestPath, runCli } from "../support/cli.ts";
import { fromFileUrl } from "../support/paths.ts";

const GUIDE = await Deno.readTextFile(fromFileUrl("../../docs/guest-abi.md"));

/** Shortens `(i64 i32) -> i32` to `Ii:i`. */
function short(type: string): string {
  const letters = (text: string) => text.replaceAll("i64", "I").replaceAll("i32", "i");
  const [parameters = "", results = ""] = type.split(" -> ").map((part) =>
    letters(part).replace(/[() ]/g, "")
  );
  return `${parameters}:${results}`;
}

/** Returns the imports that a chapter of the guide describes, with the types in its headings. */
function described(chapter: string): Record<string, string> {
  const start = GUIDE.indexOf(`\n## ${chapter}\n`);
  assert.ok(start >= 0, chapter);
  const end = GUIDE.indexOf("\n## ", start + 1);
  const headings = GUIDE.slice(start, end).matchAll(/^#+ `(\w+)\(.*?\)`: `(\(.*?\) -> \w+)`$/gm);
  return Object.fromEntries([...headings].map(([, name = "", type = ""]) => [name, short(type)]));
}

/** Keeps the first declaration of each import; the guide gives others in the text. */
function first(signatures: Signatures): Record<string, string> {
  return Object.fromEntries(
    Object.entries(signatures).map(([name, types]) => [name, types.split(" ")[0] ?? ""]),
  );
}

for (
  const [chapter, signatures] of [
    ["Module `wasm_bpf`", BPF_SIGNATURES],
    ["`callback-wrapper`", WRAPPER_SIGNATURES],
    ["Module `wasm_bpf_ext`", EXTENSION_SIGNATURES],
  ] as const
) {
  Deno.test(`the guide has every import of ${chapter} with its type`, () => {
    assert.deepEqual(described(chapter), first(signatures));
  });
}

Deno.test("the guide shows an example of every import", () => {
  const examples = [...GUIDE.matchAll(/^```\w+\n([^]*?)^```$/gm)].map(([, code]) => code).join();
  for (const name of Object.keys({ ...BPF_SIGNATURES, ...EXTENSION_SIGNATURES })) {
    const example = new RegExp(`\\b(wasm_bpf_)?${name}\\(`);
    assert.match(examples, example, `write an example of ${name} in docs/guest-abi.md`);
  }
});

Deno.test("a guest includes every example in C, so that it is compiled", async () => {
  const guest = await Deno.readTextFile(fromFileUrl("../guests/guest-abi/guest-abi.c"));
  const missing = docExamples(GUIDE).flatMap(({ name, outside, inside }) => [
    ...outside.trim() === "" ? [] : [`${name}.outside.inc`],
    ...inside.trim() === "" ? [] : [`${name}.inc`],
  ]).filter((file) => !guest.includes(`#include "${file}"`));
  assert.deepEqual(missing, [], "include them in tests/guests/guest-abi/guest-abi.c");
});

/** Returns the comment before each import's function in some source files. */
async function documentedIn(...folders: string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const folder of folders) {
    for await (const { name } of Deno.readDir(fromFileUrl(`../../${folder}`))) {
      if (!name.endsWith(".ts")) continue;
      const text = await Deno.readTextFile(fromFileUrl(`../../${folder}/${name}`));
      const pattern = /\/\*\*\n((?: +\*.*\n)+?) +\*\/\n +"?(\w+)"?: /g;
      for (const [, comment = "", key = ""] of text.matchAll(pattern)) {
        found.set(key, comment.replaceAll(/\s+\* ?/g, " "));
      }
    }
  }
  return found;
}

Deno.test("every import of eBPF has its effect, parameters and errors in a comment", async () => {
  const documented = await documentedIn("runtime/wasm_bpf", "runtime/wasm_bpf/ext");
  for (const [name, types] of Object.entries({ ...BPF_SIGNATURES, ...EXTENSION_SIGNATURES })) {
    const comment = documented.get(name) ?? "";
    assert.match(comment, /^ [A-Z][a-z]+s /, `${name}: a verb comes first`);
    // An errno and its case, the import with the same errors, or the reason for none.
    assert.match(
      comment,
      /\b(E[A-Z0-9]{3,}: |Errors |errno of the kernel: |does not fail)/,
      `${name}: errors`,
    );
    const hasParameters = !types.startsWith(":");
    if (hasParameters) assert.match(comment, /`\w+`|Parameters/, `${name}: parameters`);
  }
});

Deno.test("the guide's examples in C compile and behave as described", async () => {
  // In a separate network namespace, where the interface of an example is the only one.
  await using guest = new CliProcess(["--timeout", "120s", guestPath("guest-abi")], {
    through: ["unshare", "--net", "sh", "-c", 'ip link set lo name eth0 && exec "$@"', "sh"],
  });
  // An interrupt that comes before would end one of the earlier reads.
  await guest.waitFor(/^polling$/m);
  guest.kill("SIGINT");
  const { code, stdout, stderr } = await guest.result();
  assert.match(stderr, /^error: Cannot find map "none": .*\nhint: .*\n$/);
  assert.deepEqual(stdout.split("\n"), [
    "load 1",
    "counts 1",
    "attach 0",
    "element 42",
    "submit 0",
    "all tasks seen",
    "map 4 8 100",
    "batch 1 42",
    "job 5",
    "job 6",
    "token 0",
    'why Cannot find map "none": the eBPF object has no map of that name',
    "close 0",
    "rings 1",
    "records of init not wanted",
    "configured 100000, values 1",
    "host 1, local 1",
    "stepwise 1",
    "counts 1",
    "events 1",
    "delivered 1 lost 0",
    "polling",
    "interrupted",
    "",
  ]);
  assert.equal(code, 0);
});

Deno.test("the guide's example in Go compiles, and its poll arrives", async () => {
  const source = await Deno.readTextFile(fromFileUrl("../guests/guest-abi-go/main.go"));
  const examples = [...GUIDE.matchAll(/^```go\n([^]*?)^```$/gm)].map(([, code = ""]) => code);
  assert.equal(examples.length, 1);
  for (const example of examples) assert.ok(source.includes(example), example);
  const { code, stdout } = await runCli([guestPath("guest-abi-go")]);
  assert.deepEqual({ code, stdout }, { code: 0, stdout: "poll -22\n" });
});

for (
  const [header, signatures] of [
    ["wasm_bpf.h", BPF_SIGNATURES],
    ["wasm_bpf_ext.h", EXTENSION_SIGNATURES],
  ] as const
) {
  Deno.test(`${header} declares every import`, async () => {
    const text = await Deno.readTextFile(fromFileUrl(`../../sdk/c/include/${header}`));
    const declared = [...text.matchAll(/^WASM_BPF_(?:EXT_)?IMPORT\("(\w+)"\)$/gm)];
    assert.deepEqual(
      declared.map(([, name]) => name).toSorted(),
      Object.keys(signatures).toSorted(),
    );
  });
}
