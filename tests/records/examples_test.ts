/** Examples that print tables: with an option for records, the host prints them. */
import assert from "node:assert/strict";
import { CliProcess, runCli } from "../support/cli.ts";
import { fromFileUrl } from "../support/paths.ts";

const EXAMPLES = fromFileUrl("../../dist/examples/");

/** Returns the first record of an example that a filter lets pass while a command is repeated. */
async function firstRecord(
  example: string,
  filter: string,
  act: () => Promise<unknown>,
): Promise<Record<string, unknown>> {
  const options = ["-o", "jsonl", "--count", "1", "--timeout", "120s", "--filter", filter];
  await using process = new CliProcess([...options, `${EXAMPLES}${example}.wasm`]);
  let ended = false;
  const end = process.result().finally(() => ended = true);
  while (!ended) await act();
  const { stdout, stderr, code } = await end;
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

const run = (...args: string[]) =>
  new Deno.Command("/bin/sh", { args, stdin: "null", stdout: "null", stderr: "null" }).output();

for (const language of ["", "-rust", "-go", "-assemblyscript"]) {
  Deno.test(`bootstrap${language} emits processes as records`, async () => {
    const filter = 'kind == "EXEC" && filename.endsWith("/sh")';
    const record = await firstRecord(
      `bootstrap/bootstrap${language}`,
      filter,
      () => run("-c", ":"),
    );
    assert.match(String(record["time"]), /^\d{4}-\d\d-\d\dT/);
    assert.equal(record["comm"], "sh");
    assert.equal(typeof record["pid"], "number");
  });
}

for (const language of ["", "-rust"]) {
  Deno.test(`opensnoop${language} emits opened files as records`, async () => {
    const record = await firstRecord(
      `opensnoop/opensnoop${language}`,
      'path == "/no/such/file" && ret == "ENOENT"',
      () => run("-c", ": < /no/such/file"),
    );
    assert.equal(record["comm"], "sh");
    assert.equal(record["uid"], 0);
  });
}

for (const language of ["", "-go"]) {
  Deno.test(`execve${language} emits programs with their arguments as records`, async () => {
    const record = await firstRecord(
      `execve/execve${language}`,
      'args.endsWith("sh -c : one")',
      () => run("-c", ":", "one"),
    );
    assert.equal(record["ret"], 0);
  });
}

Deno.test("syscount-rust emits a table that is sorted and limited", async () => {
  const { code, stdout, stderr } = await runCli(
    ["-o", "json", "--sort", "-calls", "--limit", "2", "--count", "1", "--timeout", "120s"]
      .concat(`${EXAMPLES}syscount/syscount-rust.wasm`),
  );
  assert.equal(code, 0, stderr);
  const rows: { name: string; calls: number }[] = JSON.parse(stdout);
  assert.equal(rows.length, 2, stdout);
  const [first, second] = rows;
  assert.ok((first?.calls ?? 0) >= (second?.calls ?? NaN), stdout);
  assert.equal(typeof first?.name, "string");
});
