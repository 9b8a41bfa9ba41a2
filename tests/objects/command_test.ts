/** Traced commands: their codes and signals are those of the run. */
import assert from "node:assert/strict";
import { runCli, WASM_BPF } from "../support/cli.ts";
import { TestFolder } from "../support/folder.ts";
import { fromFileUrl } from "../support/paths.ts";
import { TerminalRun } from "../support/terminal.ts";
import { withScales } from "../support/timely.ts";

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

Deno.test("-p limits probes in user space to the command, whose target names no process", async () => {
  const others = new Deno.Command("perl", { args: ["-e", "getpgrp(0) while 1"] }).spawn();
  try {
    const { code, stdout, stderr } = await runCli([
      ...["-o", "jsonl", "--timeout", "120s", "-p", "COMMAND"],
      ...["--attach", "on_call=libc.so.6:getpgid", "--only", "on_call"],
      ...[fromFileUrl("../../dist/tests/objects/places.bpf.o"), "--"],
      ...["perl", "-e", "getpgrp(0) for 1..3"],
    ]);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, '{"number":2,"more":0}\n'.repeat(3));
  } finally {
    others.kill("SIGKILL");
    await others.status;
  }
});

Deno.test("-p is refused where the object has no use for it, before the command starts", async () => {
  const object = fromFileUrl("../../dist/tests/maps.bpf.o");
  const { code, stdout, stderr } = await runCli(["-p", "COMMAND", object, "--", "echo", "ran"]);
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(stderr, /^error: Cannot use --pid: the object has no variable .*, and no uprobe\n/);
});

/** Continues the shell that starts it, once that has stopped. */
const CONTINUE = 'until grep -q "^State:.T" /proc/$$/status; do :; done; kill -CONT $$';

for (
  const [name, command, code] of [
    ["closes its outputs", ["sh", "-c", "exec >&- 2>&-; exit 9"], 9],
    // time: a daemon that outlives the run, and ends by itself.
    ["starts a daemon", ["sh", "-c", "setsid sleep 20 </dev/null >/dev/null 2>&1 & exit 2"], 2],
    ["stops, and continues", ["sh", "-c", `(${CONTINUE}) & kill -STOP $$; exit 4`], 4],
  ] as const
) {
  Deno.test(`run exits with the code of a command that ${name}`, async () => {
    const { code: actual, stderr } = await trace(...command);
    assert.equal(actual, code, stderr);
  });
}

Deno.test("run ends a command that is stopped when its time is over", async () => {
  // A slow machine needs more time for the load.
  await withScales(async (scale) => {
    const { code, stderr } = await runCli([
      ...["-o", "jsonl", "--timeout", `${300 * scale}ms`, "-p", "COMMAND", OBJECT],
      ...["--", "sh", "-c", "kill -STOP $$; exit 4"],
    ]);
    assert.equal(code, 143);
    // Without SIGCONT it is waited for in vain.
    assert.doesNotMatch(stderr, /goes on as process/);
  });
});

Deno.test("run warns about a command that ignores SIGTERM", async () => {
  // A slow machine needs more time for the load, and for the command to ignore it.
  await withScales(async (scale) => {
    const { code, stderr } = await runCli([
      ...["-o", "jsonl", "--timeout", `${300 * scale}ms`, "-p", "COMMAND", OBJECT],
      ...[
        "--",
        "perl",
        "-e",
        "$SIG{TERM} = 'IGNORE'; close STDOUT; close STDERR; select(undef, undef, undef, undef)",
      ],
    ]);
    const pid = Number(/goes on as process (\d+)/.exec(stderr)?.[1]);
    assert.ok(pid > 0, stderr);
    Deno.kill(pid, "SIGKILL");
    assert.equal(code, 143);
  });
});

Deno.test("Ctrl-C reaches a command, whose code is that of the run", async () => {
  const script =
    "$SIG{INT} = sub { exit 7 }; $| = 1; print 'STARTED'; select(undef, undef, undef, undef)";
  const words = [WASM_BPF, "-p", "COMMAND", OBJECT, "--", "perl", "-e", script];
  await using run = new TerminalRun(words);
  await run.waitFor(/STARTED/);
  await run.type("\x03");
  assert.equal((await run.result()).end, "exit 7");
});
