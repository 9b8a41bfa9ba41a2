/** Examples that print tables: with an option for records, the host prints them. */
import assert from "node:assert/strict";
import { CliProcess, runCli } from "../support/cli.ts";
import { findExamples } from "../../build/tasks/examples.ts";
import { exampleModules } from "../support/examples.ts";
import { fromFileUrl } from "../support/paths.ts";
import { VethPair } from "../support/veth.ts";

const EXAMPLES = fromFileUrl("../../dist/examples/");

/** Returns the first record of an example that a filter lets pass while a command is repeated. */
async function firstRecord(
  example: string,
  filter: string,
  act: () => Promise<unknown>,
  { args = [], through = [] }: { args?: readonly string[]; through?: string[] } = {},
): Promise<Record<string, unknown>> {
  const options = ["-o", "jsonl", "--count", "1", "--timeout", "120s", "--filter", filter];
  await using process = new CliProcess([...options, `${EXAMPLES}${example}.wasm`, ...args], {
    through,
  });
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

const runqlat = (language: string) => `${EXAMPLES}runqlat/runqlat${language}.wasm`;

Deno.test("runqlat emits a histogram of an interval", async () => {
  const { code, stdout, stderr } = await runCli(
    ["-o", "json", "--count", "1", "--timeout", "120s", runqlat(""), "-m", "1"],
  );
  assert.equal(code, 0, stderr);
  const [all, ...more]: { unit: string; hist: { min: number }[]; pid?: number }[] = JSON.parse(
    stdout,
  );
  assert.equal(more.length, 0, stdout);
  assert.deepEqual([all?.unit, all?.hist[0]?.min, all?.pid], ["msecs", 0, undefined]);
});

Deno.test("runqlat-rust -P emits a histogram of each process, sorted and filtered", async () => {
  const { code, stdout, stderr } = await runCli(
    ["-o", "json", "--sort", "-pid", "--filter", "pid > 1", "--count", "1"]
      .concat("--timeout", "120s", runqlat("-rust"), "-P", "1"),
  );
  assert.equal(code, 0, stderr);
  const pids: number[] = JSON.parse(stdout).map(({ pid }: { pid: number }) => pid);
  assert.ok(pids.length > 0, stdout);
  assert.deepEqual(pids, pids.toSorted((a, b) => b - a));
});

// The languages share the code that emits records; the first has one way, the other both.
for (const [name, module] of [["xdp", "xdp/xdp"], ["tc", "tc/tc-rust"]] as const) {
  Deno.test(`${name} emits packets of an interval as records`, async () => {
    await using pair = await VethPair.create();
    const { here, there } = pair;
    const record = await firstRecord(
      module,
      'protocol == "udp" && packets > 0',
      () => VethPair.sendDatagrams(there, here),
      { args: ["-i", "1", "-d", "udp:53", here.interface], through: VethPair.in(here) },
    );
    const { packets, bytes, dropped, direction } = record as Record<string, number>;
    assert.equal(bytes, (packets ?? 0) * 50);
    assert.ok((dropped ?? 0) <= (packets ?? 0));
    assert.equal(direction, name === "tc" ? "ingress" : undefined);
  });
}

for (const { name, languages } of findExamples().filter(({ name }) => name !== "plugin")) {
  Deno.test(`every module of ${name} can emit records`, async () => {
    for (const [language, path] of exampleModules(name)) {
      const module = await WebAssembly.compile(await Deno.readFile(path));
      const names = WebAssembly.Module.imports(module).map((wanted) => wanted.name);
      assert.ok(names.includes("records_open"), `${name} in ${language}`);
    }
    assert.ok(languages.length > 0);
  });
}

Deno.test("--interval ends intervals of a guest that shows events", async () => {
  const opener = new Deno.Command("perl", {
    args: [
      "-e",
      "while (1) { open(F, '/etc/hostname'); close(F); select(undef, undef, undef, .01) }",
    ],
    stdin: "null",
  }).spawn();
  try {
    const { code, stdout, stderr } = await runCli([
      ...["--aggregate", "pid,count", "--filter", `pid == ${opener.pid}`, "-o", "json"],
      ...["--interval", "100ms", "--count", "2", "--timeout", "60s"],
      fromFileUrl("../../dist/examples/opensnoop/opensnoop.wasm"),
    ]);
    assert.equal(code, 0, stderr);
    const arrays = stdout.replaceAll("]\n[", "],[");
    const intervals = JSON.parse(`[${arrays}]`) as { pid: number; count: number }[][];
    assert.equal(intervals.length, 2, stdout);
    // On a loaded machine nothing may happen within an interval.
    const groups = intervals.flat();
    assert.ok(groups.length > 0, stdout);
    for (const { pid, count } of groups) assert.ok(pid === opener.pid && count > 0, stdout);
  } finally {
    opener.kill("SIGKILL");
    await opener.status;
  }
});
