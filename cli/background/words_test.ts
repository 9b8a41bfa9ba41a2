import assert from "node:assert/strict";
import { parseCommandLine } from "../args/options.ts";
import { RUN_OPTIONS } from "../args/run_options.ts";
import { wordsOf } from "./words.ts";

Deno.test("wordsOf() returns options that parse to the same, without those of the background", () => {
  const args = [
    ...["-d", "--name", "x", "--restart=always", "-v", "--stats", "--dir", "/a::/b", "--dir=/c"],
    ...["--env", "ONE", "--env", "TWO=2", "--env", "NONE", "--timeout", "5s", "-o", "csv=/x"],
  ];
  const words = wordsOf(parseCommandLine(args, RUN_OPTIONS), { ONE: "1=1", OTHER: "x" });
  const { values, lists, flags } = parseCommandLine(words, RUN_OPTIONS);
  assert.deepEqual([...flags], ["verbose"]);
  assert.deepEqual(lists, { dir: ["/a::/b", "/c"], env: ["ONE=1=1", "TWO=2"], output: ["csv=/x"] });
  assert.deepEqual([values.stats, values.timeout, values.name], ["", "5s", undefined]);
});

Deno.test("wordsOf() fixes the whole environment of --inherit-env", () => {
  const line = parseCommandLine(["--inherit-env"], RUN_OPTIONS);
  assert.deepEqual(wordsOf(line, { A: "1", B: "" }), ["--env=A=1", "--env=B="]);
});
