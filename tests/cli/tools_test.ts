/** Tools of the box on this machine: each is stirred, and shows it as JSON with the right fields. */
import assert from "node:assert/strict";
import { ACTOR } from "../support/actor.ts";
import { CliProcess, runCli } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { privateMounts } from "../support/mounts.ts";
import { TestFolder } from "../support/folder.ts";
import { succeed } from "../support/succeed.ts";

/** A namespace whose mounts under /dev are its own. */
const PRIVATE = privateMounts("/dev") as [string, ...string[]];

const shell = (script: string) => () => succeed("sh", "-c", script);

/** Tool, its options, the action that it shows, and fields of the record. */
interface Shown {
  readonly tool: string;
  readonly options?: readonly string[];
  readonly stir: () => Promise<unknown>;
  readonly fields: Readonly<Record<string, unknown>>;
}

const SHOWN: readonly Shown[] = [
  {
    tool: "exitsnoop",
    options: ["-x"],
    stir: shell("sh -c 'exit 3' || :"),
    fields: { comm: "sh", exit_code: 3, signal: 0 },
  },
  {
    tool: "exitsnoop",
    stir: shell("sh -c 'kill -9 $$' || :"),
    fields: { comm: "sh", exit_code: 0, signal: 9 },
  },
  {
    tool: "sigsnoop",
    options: ["-s", "12,34"],
    stir: shell("sh -c 'kill -12 $$' || :"),
    fields: { comm: "sh", signal: "SIGUSR2", tcomm: "sh", result: "DELIVERED" },
  },
  {
    tool: "sigsnoop",
    options: ["-k", "-n"],
    stir: shell("sh -c 'kill -12 $$' || :"),
    fields: { comm: "sh", signal: "SIGUSR2", tcomm: "sh" },
  },
  {
    tool: "mountsnoop",
    stir: () => succeed(...PRIVATE, "mount", "-t", "tmpfs", "wasm-bpf-test", "/dev"),
    fields: { comm: "mount", call: "MOUNT", type: "tmpfs", source: "wasm-bpf-test" },
  },
  {
    tool: "mountsnoop",
    stir: () => succeed(...PRIVATE, ACTOR, "new-mount"),
    fields: { comm: "actor", call: "FSCONFIG", type: "source", source: "wasm-bpf-test" },
  },
  {
    tool: "mountsnoop",
    stir: () => succeed(...PRIVATE, ACTOR, "new-mount"),
    fields: { comm: "actor", call: "MOVE_MOUNT", target: "/dev", ret: 0 },
  },
  {
    tool: "statsnoop",
    options: ["-x"],
    stir: () => succeed(ACTOR, "empty"),
    fields: { comm: "actor", ret: "ENOENT", path: "" },
  },
  {
    tool: "bindsnoop",
    options: ["-P", "7776,7777"],
    stir: () => succeed("unshare", "--net", ACTOR, "lo-up", "connection"),
    fields: { comm: "actor", family: 2, port: 7777, addr: "127.0.0.1" },
  },
  {
    tool: "tcplife",
    options: ["-4", "-D", "7776,7777"],
    stir: () => succeed("unshare", "--net", ACTOR, "lo-up", "connection"),
    fields: { comm: "actor", family: 2, laddr: "127.0.0.1", daddr: "127.0.0.1", dport: 7777 },
  },
  {
    tool: "fsyncsnoop",
    stir: async () => {
      using folder = new TestFolder();
      await succeed("dd", "if=/dev/zero", `of=${folder.at("file")}`, "count=1", "conv=fsync");
    },
    fields: { comm: "dd", call: "FSYNC", fd: 1 },
  },
  {
    tool: "threadsnoop",
    // JavaScript's engine makes threads at its start.
    stir: () => succeed(Deno.execPath(), "eval", "1"),
    fields: { comm: "deno" },
  },
];

for (const { tool, options = [], stir, fields } of SHOWN) {
  Deno.test(`${[tool, ...options].join(" ")} shows ${JSON.stringify(fields)}`, async () => {
    await using run = new CliProcess(["--timeout", "120s", tool, ...options, "--output", "jsonl"]);
    const records = () =>
      run.stdout.split("\n").slice(0, -1).map((line) =>
        JSON.parse(line) as Record<string, unknown>
      );
    await until("a record has the fields", async () => {
      await stir();
      return records().some((record) =>
        Object.entries(fields).every(([name, value]) => record[name] === value)
      );
    });
    run.kill("SIGINT");
    const { code, stderr } = await run.result();
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  });
}

Deno.test("syscount counts calls and their errors while a command runs", async () => {
  const command = ["sh", "-c", "cat /no/such/file || :"];
  await using run = new CliProcess(["syscount", "--output", "jsonl", "--", ...command]);
  const { stdout } = await run.result();
  const rows = stdout.trimEnd().split("\n").map((line) => JSON.parse(line) as Row);
  const row = rows.find(({ syscall }) => syscall === "openat");
  assert.ok(
    row !== undefined && row.count >= 1 && row.errors >= 1 && row.errors <= row.count,
    stdout,
  );
  assert.ok(row.total_ns > 0);
});

/** Row of syscount. */
interface Row {
  readonly syscall: string;
  readonly count: number;
  readonly errors: number;
  readonly "total_ns": number;
}

Deno.test("sigsnoop reports events that its ring buffer had no room for, of every CPU", async () => {
  await using tool = new CliProcess([
    ...["-o", "jsonl", "--timeout", "120s", "--map-size", "events=1048576", "sigsnoop"],
  ]);
  const ignored = "trap '' USR2; i=0; while [ $i -lt $0 ]; do kill -12 $$; i=$((i+1)); done";
  await until("an event is shown", async () => {
    await succeed("sh", "-c", ignored, "1");
    return tool.stdout.includes("SIGUSR2");
  });
  tool.kill("SIGSTOP");
  // 1 MiB holds fewer than 20,000 events of 56 bytes.
  for (const cpu of ["0", "1"]) {
    await succeed("taskset", "-c", cpu, "sh", "-c", ignored, "30000");
  }
  tool.kill("SIGCONT");
  tool.kill("SIGINT");
  const { code, stderr } = await tool.result();
  assert.equal(code, 0, stderr);
  const [, lost = ""] =
    /^warning: map "events": ([\d,]+) events lost: the buffer was full$/m.exec(stderr) ?? [];
  assert.ok(Number(lost.replaceAll(",", "")) >= 40_000, stderr);
});

Deno.test("a command that cannot be run is an error with its name, and 127 or 126", async () => {
  for (
    const [word, code, reason] of [
      ["/no/such\n\x1b[31m", 127, 'Cannot run "/no/such??[31m": no such program'],
      ["/etc/passwd", 126, 'Cannot run "/etc/passwd": EACCES (permission denied)'],
    ] as const
  ) {
    const result = await runCli(["-o", "csv", "exitsnoop", "--", word]);
    assert.deepEqual([result.code, result.stderr], [code, `error: ${reason}\n`]);
  }
});
