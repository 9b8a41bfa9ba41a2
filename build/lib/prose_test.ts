import assert from "node:assert/strict";
import { proseOf } from "./prose.ts";

const texts = (extension: string, text: string) =>
  proseOf(extension, text).map(({ kind, line, text }) => [kind, line, text.trim()]);

Deno.test("proseOf() finds comments and strings of TypeScript, and no code", () => {
  const source = `/** One two. */
const a = /"no string"/, b = "two words"; // after code
const c = a / b; const d = \`three
words here\`;
`;
  assert.deepEqual(texts("ts", source), [
    ["comment", 1, "One two."],
    ["string", 2, "two words"],
    ["comment", 2, "after code"],
    ["string", 3, "three\nwords here"],
  ]);
});

Deno.test("proseOf() joins line comments that follow each other", () => {
  const [comment] = proseOf("rs", "// one\n// two\nlet x = 1;\n// three");
  assert.equal(comment?.text, " one\n two");
});

Deno.test("proseOf() leaves code out of Markdown, and keeps its lines", () => {
  const [prose] = proseOf("md", "# Title\n\n```sh\nsome shell command\n```\nText `code` end.");
  assert.equal(prose?.text.split("\n").length, 6);
  assert.doesNotMatch(prose?.text ?? "", /shell|code/);
});

Deno.test("proseOf() reads comments and strings of YAML and JSON, and heads of patches", () => {
  const yaml = `a: the user's value # a comment\nb: "two words"\n`;
  assert.deepEqual(texts("yaml", yaml).map(([kind, , text]) => [kind, text]), [
    ["comment", "a comment"],
    ["string", "two words"],
  ]);
  assert.deepEqual(texts("json", `{ "name": "one text" }`), [["string", 1, "one text"]]);
  const patch = "A reason.\n\n--- a/file.c\n+++ b/file.c\n+/* code of others */\n";
  assert.deepEqual(texts("patch", patch), [["comment", 1, "A reason."]]);
});

Deno.test("proseOf() takes # in a shell script for a comment at the start of a word only", () => {
  assert.deepEqual(texts("", "echo a#b # a comment\n"), [["comment", 1, "a comment"]]);
});

Deno.test("proseOf() leaves names and expressions out of comments and strings", () => {
  const text =
    "/** Calls `open` of {@linkcode File}. */\nconst a = `Cannot read ${file.named({ b })} here`;";
  assert.deepEqual(proseOf("ts", text).map(({ text }) => text.trim()), [
    "Calls `x` of `x`.",
    "Cannot read  here",
  ]);
});
