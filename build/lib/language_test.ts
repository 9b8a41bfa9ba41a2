import assert from "node:assert/strict";
import { badSubjects, type Count, countFile, rates, RULES } from "./language.ts";

function found(text: string, path = "x.ts"): [rule: string, line: number][] {
  const count: Count = { words: 0, findings: [] };
  countFile(count, path, text);
  return count.findings.map(({ rule, line }) => [rule.name, line]);
}

Deno.test("countFile() reports each pattern with its line", () => {
  assert.deepEqual(found("const a = 1;\n/** Reads a file. */\n/** What nobody says. */\n"), [
    ["comment opens with What, Whether, Who, How, They, The same", 3],
    ["say, said", 3],
    ["whoever, nobody, somebody, anybody, everybody", 3],
  ]);
});

Deno.test("countFile() reads past @brief", () => {
  const [[rule = ""] = []] = found("/** @brief Whether a file is there. */\n", "x.h");
  assert.match(rule, /^comment opens with/);
});

Deno.test("countFile() accepts plain English", () => {
  assert.deepEqual(found("/** Returns the first record after `offset`, or undefined. */"), []);
});

Deno.test("rates() counts in 10,000 words", () => {
  const count: Count = { words: 0, findings: [] };
  countFile(count, "x.md", `${"word ".repeat(999)} nobody`);
  const rate = rates(count).find(({ rule }) => rule.name.startsWith("whoever"))?.rate;
  assert.equal(rate, 10);
});

Deno.test("every rule accepts its goal, and has a suggestion", () => {
  for (const { name, goal, atMost, instead } of RULES) {
    assert.ok(atMost >= goal && instead !== "", name);
  }
});

Deno.test("badSubjects() wants a type, an imperative and 72 characters", () => {
  const good = [
    "fix(oci): redact query strings",
    "docs: list levels",
    "feat(cli)!: drop an option",
  ];
  const bad = ["fix: the gate", "Fix things", `feat: ${"x".repeat(70)}`, "docs: what is new"];
  assert.deepEqual(badSubjects([...good, ...bad]), bad);
});
