/** Letters that users of bcc's libbpf-tools type, on this machine: each means what it does there. */
import assert from "node:assert/strict";
import { ACTOR, IN_OWN_NETWORK } from "../support/actor.ts";
import { TestCgroup } from "../support/cgroup.ts";
import { runCli } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { LoopDisk } from "../support/loop_disk.ts";

type Row = Readonly<Record<string, unknown>>;

/** Runs a tool while a command runs, and returns what it prints. */
async function printed(words: readonly string[], command: readonly string[]): Promise<string> {
  const result = await runCli(["--timeout", "120s", ...words, "--", ...command]);
  const { code, stdout, stderr } = result;
  assert.deepEqual({ words, code, stderr: stderr.replace(/^note: .*\n/gm, "") }, {
    ...{ words, code: 0, stderr: "" },
  });
  return stdout;
}

/** Runs a tool while a command runs, and returns its rows. */
async function traced(words: readonly string[], command: readonly string[]): Promise<Row[]> {
  const stdout = await printed(["-o", "jsonl", ...words], command);
  return stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line) as Row);
}

/** Returns a command that runs another in a control group. */
function inGroup({ path }: TestCgroup, command: readonly string[]): string[] {
  return ["/bin/sh", "-c", `echo $$ >${path}/cgroup.procs && exec "$@"`, "sh", ...command];
}

const SPIN = [ACTOR, "spin"];

Deno.test("softirqs -C counts, -N prints nanoseconds, and -T the time", async () => {
  const numbers = await traced(["softirqs", "-C"], SPIN);
  assert.ok(numbers.length > 0);
  for (const row of numbers) assert.deepEqual(Object.keys(row), ["softirq", "count"]);
  const counts = numbers.map(({ count }) => Number(count));
  assert.deepEqual(counts, counts.toSorted((a, b) => b - a));
  const table = await printed(["softirqs", "-NT"], SPIN);
  assert.match(table, /^TIME +SOFTIRQ +COUNT +TOTAL_NS$/m);
  assert.match(table, /^\d\d:\d\d:\d\d [A-Z_]+ +[1-9]\d* +[1-9]\d{2,}$/m);
  const charts = await traced(["softirqs", "-d", "-N", "-C"], SPIN);
  assert.ok(charts.length > 0);
  for (const row of charts) assert.equal(row["unit"], "nsecs");
  // No interrupt is over within a nanosecond.
  const shortest = charts.map(({ hist }) => (hist as { count: number }[])[0]?.count);
  assert.deepEqual(shortest.filter((count) => count !== 0), []);
});

Deno.test("hardirqs takes the letters of softirqs", async () => {
  assert.match(await printed(["hardirqs", "-NT"], SPIN), /^TIME +HARDIRQ +COUNT +TOTAL_NS$/m);
});

Deno.test("-T prints the time above histograms", async () => {
  assert.match(await printed(["cpudist", "-T"], SPIN), /^\d\d:\d\d:\d\d\n +usecs /);
});

Deno.test("softirqs -c counts while processes of a control group run", async () => {
  await using group = await TestCgroup.create();
  assert.deepEqual(await traced(["softirqs", "-c", group.path], SPIN), []);
  await until("an interrupt is counted", async () => {
    return (await traced(["softirqs", "-c", group.path], inGroup(group, SPIN))).length > 0;
  });
});

Deno.test("filetop -s sorts by a column, the highest first", async () => {
  const copies = [
    "sh",
    "-c",
    "head -c 300000 /dev/zero | dd bs=1k of=/dev/null status=none",
  ];
  for (const [word = "", column = ""] of [["reads", "reads"], ["all", "read_bytes"]]) {
    // One table, at the end: two in a row are not sorted together.
    const words = ["--interval", "1h", "filetop", "-a", "-C", "-r", "50", "-s", word];
    const rows = await traced(words, copies);
    const values = rows.map((row) => Number(row[column]));
    assert.ok(values.some((value) => value > 0), JSON.stringify(rows));
    assert.deepEqual(values, values.toSorted((a, b) => b - a), words.join(" "));
  }
  const { code, stderr } = await runCli(["filetop", "-s", "nosuch", "1", "1"]);
  assert.equal(code, 1);
  assert.match(stderr, /"nosuch".*\nhint: .*read_bytes/);
});

Deno.test("biotop and tcptop take the names of columns of other tools", async () => {
  for (const words of [["biotop", "-Cs", "time"], ["tcptop", "-SCs", "sent"]]) {
    await traced(words, ["true"]);
  }
});

Deno.test("tcpconnect -c -s counts connections of each local port", async () => {
  const connection = [...IN_OWN_NETWORK, ACTOR, "connection", "connection"];
  const rows = await traced(["tcpconnect", "-c", "-s", "-P", "7777"], connection);
  const own = rows.filter(({ daddr, dport }) => daddr === "127.0.0.1" && dport === 7777);
  const sum = own.reduce((total, { connects }) => total + Number(connects), 0);
  assert.ok(sum >= 2, JSON.stringify(rows));
  assert.ok(own.every((row) => "lport" in row));
});

Deno.test("tools for disks select requests by name and control group", async (test) => {
  await using disk = await LoopDisk.create();
  await test.step({
    name: "on a machine that has loop devices",
    ignore: disk === undefined,
    fn: async () => {
      const path = disk?.path ?? "";
      const name = path.split("/").at(-1) ?? "";
      const write = [
        "dd",
        "if=/dev/zero",
        `of=${path}`,
        "bs=4k",
        "count=8",
        "oflag=direct",
        "status=none",
      ];
      const sizes = await traced(["bitesize", "-d", name, "-c", "dd"], write);
      assert.deepEqual(sizes.map(({ comm }) => comm), ["dd"]);
      assert.deepEqual(await traced(["bitesize", "-d", name, "-c", "other"], write), []);
      await using group = await TestCgroup.create();
      const words = ["biolatency", "-d", name, "-c", group.path];
      assert.deepEqual(await traced([...words, "-Q"], write), []);
      for (const queued of [[], ["-Q"]]) {
        const [row] = await traced([...words, ...queued], inGroup(group, write));
        const counts = (row?.["hist"] as { count: number }[] | undefined) ?? [];
        assert.ok(counts.reduce((sum, { count }) => sum + count, 0) >= 8, JSON.stringify(row));
      }
    },
  });
});
