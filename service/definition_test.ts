import assert from "node:assert/strict";
import { type Definition, definitionText, isRunName, parseDefinition } from "./definition.ts";

const DEFINITION: Definition = {
  name: "one",
  words: ["--", "exitsnoop"],
  shown: ["exitsnoop"],
  cwd: "/",
  env: { PATH: "/bin" },
  restart: { kind: "on-failure", limit: 3 },
  runtime: "/run/wasm-bpf",
  created: "2026-01-01T00:00:00Z",
  logBytes: 1,
  records: true,
};

Deno.test("parseDefinition() reads what definitionText() writes", () => {
  assert.deepEqual(
    { ...parseDefinition(definitionText(DEFINITION), "one"), version: undefined },
    { ...DEFINITION, version: undefined },
  );
});

Deno.test("parseDefinition() refuses damage, other names and other versions", () => {
  const text = definitionText(DEFINITION);
  const changed = [
    "",
    text.slice(0, 40),
    "[]",
    text.replace('"version": 1', '"version": 2'),
    text.replace('"on-failure:3"', '"sometimes"'),
    text.replace('["--"', "[1"),
    text.replace(/"words": \[[^\]]*\]/, '"words": "x"'),
    text.replace('"PATH": "/bin"', '"PATH": 1'),
  ];
  for (const each of changed.filter((each) => each !== text)) {
    assert.throws(() => parseDefinition(each, "one"), { code: "BAD_STATE" }, each);
  }
  assert.throws(() => parseDefinition(text, "two"), { code: "BAD_STATE" });
});

Deno.test("isRunName() refuses paths, options and invisible characters", () => {
  for (const name of ["a", "exec.snoop_2-x", "9", "A".repeat(63)]) {
    assert.equal(isRunName(name), true, name);
  }
  for (
    const name of [
      "",
      ".",
      "..",
      "-a",
      ".new-a",
      "a/b",
      "a b",
      "a\n",
      "ä",
      "a\u202e",
      "A".repeat(64),
    ]
  ) {
    assert.equal(isRunName(name), false, name);
  }
});
