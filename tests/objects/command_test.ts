/** Traced commands: their codes and signals are those of the run. */
import assert from "node:assert/strict";
import { runCli } from "../support/cli.ts";
import { TestFolder } from "../support/folder.ts";
import { fromFileUrl } from "../support/paths.ts";

const OBJECT = fromFileUrl("../../dist/tests/objects/ring-value.bpf.o");

/** Runs an object that traces a command alone. */
async function trace(...command: string[]) {
  return await runCli([
    "-o",
    "jsonl",
    "--timeout",
    "120s",
    "-p",
    "COMMAND",
    OBJECT,
    "--",
    ...command,
  ]);
}

for (
  const [name, command, code] of [
    ["returns", ["sh", "-c", "exit 7"], 7],
    ["is killed", ["sh", "-c", "kill -9 $$"], 137],
    ["leaves a process behind", [
      "sh",
      "-c",
      "tail -f /dev/null > /dev/null 2>&1 & kill $! ; exit 3",
    ], 3],
    ["does not exist", ["/no/such/program"], 127],
  ] as const
) {
  Deno.test(`run exits with the code of a command that ${name}`, async () => {
    const { code: actual, stderr } = await trace(...command);
    assert.equal(actual, code, stderr);
  });
}

Deno.test("run names a command that is not executable", async () => {
  using folder = new TestFolder();
  await Deno.writeTextFile(folder.at("text"), "text\n");
  const { code, stderr } = await trace(folder.at("text"));
  assert.equal(code, 126, stderr);
  assert.match(stderr, /Cannot run ".*text": EACCES/);
});

Deno.test("run shows what a command did, and nothing of others", async () => {
  const caller = ["perl", "-e", "getpgrp(0)"];
  const { code, stdout, stderr } = await trace(...caller);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /"comm":"perl"/);
  for (const line of stdout.trim().split("\n")) assert.equal(JSON.parse(line).comm, "perl");
});
