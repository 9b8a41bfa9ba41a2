/**
 * Options of the tools that select or order what they show, on this machine: each runs while a
 * command does, and shows what the options select of it, and nothing else.
 */
import assert from "node:assert/strict";
import { ACTOR, IN_OWN_NETWORK } from "../support/actor.ts";
import { CliProcess, runCli } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { succeed } from "../support/succeed.ts";
import { withSwitches } from "../support/timely.ts";

type Row = Readonly<Record<string, unknown>>;

/** Runs a tool while a command runs, and returns its rows. */
async function traced(words: readonly string[], command: readonly string[]): Promise<Row[]> {
  const result = await runCli(["-o", "jsonl", "--timeout", "120s", ...words, "--", ...command]);
  const { code, stdout, stderr } = result;
  assert.deepEqual({ words, code, stderr: stderr.replace(/^note: .*\n/gm, "") }, {
    ...{ words, code: 0, stderr: "" },
  });
  return stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line) as Row);
}

/** Connection of a program to itself, by IPv4 and on port 7777. */
const CONNECTION = [...IN_OWN_NETWORK, ACTOR, "connection"];

for (
  const [words, isShown] of [
    ["tcpconnect -4 -P 80,7777", true],
    ["tcpconnect -6", false],
    ["tcpconnect -P 80,7778", false],
    ["tcpaccept -6 -P 7777", false],
    ["bindsnoop -P 80,443,7778", false],
    ["tcplife -6", false],
    ["tcplife -L 80,443 -D 7777", false],
  ] as const
) {
  Deno.test(`${words} ${isShown ? "shows" : "hides"} an IPv4 connection to 7777`, async () => {
    const rows = await traced(words.split(" "), CONNECTION);
    const found = rows.filter((row) =>
      row["comm"] === "actor" && [row["port"], row["lport"], row["dport"]].includes(7777)
    );
    assert.equal(found.length > 0, isShown, JSON.stringify(rows));
  });
}

Deno.test("a list of ports that is too long, or has another word, is refused", async () => {
  for (
    const [list, reason] of [["80,x", "not a whole number"], ["1,".repeat(64) + "2", "at most"]]
  ) {
    const { code, stderr } = await runCli(["tcpconnect", "-P", list ?? ""]);
    assert.equal(code, 2);
    assert.match(stderr, new RegExp(reason ?? ""));
  }
});

Deno.test("tcpconnect -c counts connections", async () => {
  const rows = await traced(["tcpconnect", "-c", "-P", "7777"], [...CONNECTION, "connection"]);
  const own = rows.filter(({ daddr, dport }) => daddr === "127.0.0.1" && dport === 7777);
  assert.ok(own.length === 1 && Number(own[0]?.["connects"]) >= 2, JSON.stringify(rows));
});

Deno.test("syscount counts by process, by error, and the longest first", async () => {
  const failing = ["sh", "-c", "cat /no/such/file 2>/dev/null || :"];
  const rows = await traced(["syscount", "-P", "-e", "ENOENT"], failing);
  assert.ok(rows.some(({ comm, count }) => comm === "cat" && Number(count) >= 1));
  assert.deepEqual(rows.filter(({ count, errors }) => count !== errors), []);
  const slowest = await traced(["syscount", "-L", "-T", "3"], failing);
  const times = slowest.map((row) => Number(row["total_ns"]));
  assert.ok(times.length >= 1 && times.length <= 3, JSON.stringify(slowest));
  assert.deepEqual(times, times.toSorted((a, b) => b - a));
  const { code, stderr } = await runCli(["syscount", "-e", "ENOSUCH"]);
  assert.equal(code, 2, stderr);
});

Deno.test("sigsnoop -k leaves out signals that the kernel sends by itself", async () => {
  const ends = ["sh", "-c", 'trap : USR2; sh -c "exit 0"; kill -12 $$'];
  const all = await traced(["sigsnoop"], ends);
  assert.ok(all.some(({ signal }) => signal === "SIGCHLD"), JSON.stringify(all));
  const chosen = await traced(["sigsnoop", "-s", "12,34"], ends);
  assert.deepEqual(new Set(chosen.map(({ signal }) => signal)), new Set(["SIGUSR2"]));
  const sent = await traced(["sigsnoop", "-k"], ends);
  assert.ok(sent.some(({ comm, signal }) => comm === "sh" && signal === "SIGUSR2"));
  assert.deepEqual(sent.filter(({ signal }) => signal === "SIGCHLD"), []);
});

Deno.test("execsnoop selects by an argument, and prints the user", async () => {
  await using run = new CliProcess(["--timeout", "120s", "execsnoop", "-U", "-l", "chosen-word"]);
  await until("a program with the argument is shown", async () => {
    await succeed("true", "other-word");
    await succeed("true", "a chosen-word");
    return /^\d+ +true .* a chosen-word$/m.test(run.stdout);
  });
  assert.match(run.stdout, /^UID +PCOMM +PID/);
  assert.doesNotMatch(run.stdout, /other-word/);
});

Deno.test("offcputime and futexctn select threads by their kind and number", async () => {
  const nap = [ACTOR, "nap"];
  const names = async (...words: string[]) =>
    (await traced(["offcputime", "-K", ...words], nap)).map(({ comm }) => comm);
  await withSwitches(async () => assert.ok((await names("-u")).includes("actor")));
  assert.ok(!(await names("-k")).includes("actor"));
  const blocked = await traced(["wakeuptime", "-K", "-u"], nap);
  assert.deepEqual(blocked.filter((row) => /^kworker/.test(`${row["blocked"]}`)), []);
  // No thread has this number: the kernel's largest is 2^22.
  const locking = [Deno.execPath(), "eval", "await Promise.resolve()"];
  assert.deepEqual(await traced(["futexctn", "-t", "4194305"], locking), []);
});

Deno.test("runqlen -O counts samples with tasks that wait", async () => {
  const rows = await traced(["runqlen", "-O", "-f", "999"], [ACTOR, "spin"]);
  const [row] = rows;
  assert.equal(rows.length, 1, JSON.stringify(rows));
  assert.ok(Number(row?.["samples"]) >= Number(row?.["waiting"]), JSON.stringify(rows));
  assert.ok(Number(row?.["samples"]) > 0);
});

Deno.test("bashreadline names the option for another shell when bash is missing", async () => {
  for (const shell of ["/no/such/bash", "no-such-bash", ACTOR.replace(/actor$/, "")]) {
    const { code, stderr } = await runCli(["bashreadline", "-s", shell]);
    assert.equal(code, 1);
    assert.match(stderr, /^hint: pass --shell FILE: /m, stderr);
  }
});

Deno.test("tools take the letters for rows and times of other tools", async () => {
  const rows = await traced(["syscount", "-r", "2"], ["true"]);
  assert.equal(rows.length, 2);
  await traced(["exitsnoop", "-t", "-T"], ["true"]);
  await traced(["tcpconnect", "-t", "-c"], ["true"]);
  const { code, stderr } = await runCli(["exitsnoop", "-v", "-c", "/no/such/group"]);
  assert.equal(code, 1);
  assert.match(stderr, /\/no\/such\/group/);
});
