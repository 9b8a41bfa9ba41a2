/**
 * Options that users of libbpf-tools know, on this machine: what they select, add or order. Those of
 * tools that it lacks the hooks for are in tests/kernels/option_cases.ts.
 */
import assert from "node:assert/strict";
import { syscallName } from "../../records/mod.ts";
import { ACTOR, IN_OWN_NETWORK } from "../support/actor.ts";
import { CliProcess, runCli } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { privateMounts } from "../support/mounts.ts";
import { succeed } from "../support/succeed.ts";
import { withSwitches } from "../support/timely.ts";

type Row = Readonly<Record<string, unknown>>;

const rowsOf = (text: string): Row[] =>
  text.split("\n").slice(0, -1).map((line) => JSON.parse(line) as Row);

/** Runs a tool while a command runs, and returns its rows; tables are shown once, at the end. */
async function traced(words: string, command: readonly string[]): Promise<Row[]> {
  const ours = ["-o", "jsonl", "--timeout", "120s", "--interval", "1h"];
  const result = await runCli([...ours, ...words.split(" "), "--", ...command]);
  const { code, stdout, stderr } = result;
  assert.deepEqual({ words, code, stderr: stderr.replace(/^note: .*\n/gm, "") }, {
    ...{ words, code: 0, stderr: "" },
  });
  return rowsOf(stdout);
}

/** Runs a tool, and acts until its output has the text; returns the output. */
async function showsText(words: string, text: RegExp, stir?: () => Promise<unknown>) {
  await using run = new CliProcess(["--timeout", "120s", ...words.split(" ")]);
  await until(`${words} shows ${text}`, async () => {
    await stir?.();
    return text.test(run.stdout);
  });
  return run.stdout;
}

const isSorted = (rows: readonly Row[], field: string) => {
  const numbers = rows.map((row) => Number(row[field]));
  assert.ok(numbers.length > 0);
  assert.deepEqual(numbers, numbers.toSorted((a, b) => b - a), field);
};

/** Connection of a program to itself, by IPv4 and on port 7777. */
const CONNECTION = [...IN_OWN_NETWORK, ACTOR, "connection"];

Deno.test("bindsnoop -x shows failed calls in addition, --only-failed nothing else", async () => {
  const found = (rows: Row[]) => rows.some(({ comm, port }) => comm === "actor" && port === 7777);
  assert.ok(found(await traced("bindsnoop -x", CONNECTION)));
  assert.ok(!found(await traced("bindsnoop --only-failed", CONNECTION)));
});

Deno.test("mountsnoop -d adds the namespace and the data of mounts", async () => {
  const mount = [...privateMounts("/dev"), "mount", "-t", "tmpfs", "-o", "size=64k", "own", "/dev"];
  const find = (rows: Row[]) => rows.find(({ source }) => source === "own");
  const row = find(await traced("mountsnoop -d", mount));
  assert.match(`${row?.["data"]}`, /size=64k/);
  assert.ok(Number(row?.["mnt_ns"]) > 0);
  const plain = find(await traced("mountsnoop", mount)) ?? {};
  assert.ok("target" in plain && !("data" in plain) && !("mnt_ns" in plain));
});

Deno.test("offcputime --state selects threads by the state in which they stop", async () => {
  const nap = [ACTOR, "nap"];
  const names = async (state: number) =>
    (await traced(`offcputime -K --state ${state}`, nap)).map(({ comm }) => comm);
  await withSwitches(async () => assert.ok((await names(1)).includes("actor")));
  // No state has this bit.
  assert.deepEqual(await names(1 << 30), []);
});

Deno.test("a number after runqslower is the least time, in microseconds", async () => {
  const rows = await traced("runqslower 1", [ACTOR, "spin"]);
  assert.ok(rows.length > 0 && rows.every((row) => Number(row["lat_ns"]) > 1000));
  assert.deepEqual(await traced("runqslower 999999999", [ACTOR, "spin"]), []);
  for (const words of [["1", "2"], ["0"], ["x"]]) {
    assert.equal((await runCli(["runqslower", ...words])).code, 2);
  }
  assert.match((await runCli(["runqslower", "--help"])).stdout, /\[MIN_US\]/);
});

Deno.test("syscount -m shows milliseconds, and -l lists the system calls", async () => {
  const rows = await traced("syscount -m -L", [ACTOR, "nap"]);
  isSorted(rows, "total_ms");
  assert.ok(rows.every((row) => !("total_ns" in row)));
  const listed = await runCli(["syscount", "-l"]);
  assert.deepEqual([listed.code, listed.stderr], [0, ""]);
  for (const number of [0, 1, 200, 436]) {
    const line = `${`${number}`.padStart(3)}: ${syscallName(number)}`;
    assert.ok(listed.stdout.split("\n").includes(line), line);
  }
});

Deno.test("names of an option's values may have any case", async () => {
  const rows = await traced("syscount -e enoent", ["sh", "-c", "cat /no/such 2>/dev/null || :"]);
  assert.ok(rows.length > 0);
  assert.equal((await runCli(["capable", "-u", "pi"])).code, 2);
});

Deno.test("tcplife takes -w", async () => {
  const lives = await traced("tcplife -w -D 7777", CONNECTION);
  assert.ok(lives.some(({ comm }) => comm === "actor"));
});

Deno.test("llcstat -t divides by thread", async () => {
  const places = ["on_reference", "on_miss"].map((one) => `--attach ${one}=software:cpu-clock@999`);
  const rows = await traced(`llcstat -t ${places.join(" ")}`, [ACTOR, "spin"]);
  assert.ok(rows.length > 0 && rows.every((row) => Number(row["tid"]) >= 0), JSON.stringify(rows));
});

Deno.test("profile -C and -L select a processor and a thread", async () => {
  // The first processor that we may use.
  const status = await Deno.readTextFile("/proc/self/status");
  const cpu = Number(/^Cpus_allowed_list:\s*(\d+)/m.exec(status)?.[1]);
  const spin = ["taskset", "-c", `${cpu}`, ACTOR, "spin"];
  // Before taskset selects the processor, the process runs on any.
  const others = await traced(`-p COMMAND profile -C ${cpu + 1} -F 999 -U`, spin);
  assert.deepEqual(others.filter(({ comm }) => comm === "actor"), []);
  // No thread has this number: the kernel's largest is 2^22.
  assert.deepEqual(await traced("profile -F 999 -L 4194305", spin), []);
  const words = ["profile", "-f", "-C", `${cpu}`, "-U", "-n", "actor", "-F", "999", "--", ...spin];
  await until("a sample is taken", async () => {
    return /^actor;.* \d+$/m.test((await runCli(words)).stdout);
  });
});

Deno.test("futexctn -m shows milliseconds", async () => {
  const lock = () => succeed(Deno.execPath(), "eval", "await Promise.resolve()");
  const row = /"average_ms":\d+,"max_ms":\d+,"total_ms":\d+}/;
  await showsText("futexctn -m -i 1 -o jsonl", row, lock);
});

Deno.test("runqlat -L and --pidnss divide by thread and by namespace of processes", async () => {
  const [threads = [], spaces = []] = await Promise.all(
    ["-L", "--pidnss"].map(async (option) =>
      rowsOf((await runCli(["runqlat", option, "-o", "jsonl", "1", "1"])).stdout)
    ),
  );
  assert.ok(threads.length > 0 && threads.every((row) => Number(row["tid"]) > 0 && "comm" in row));
  const [own] = /\d+/.exec(await Deno.readLink("/proc/self/ns/pid")) ?? [];
  assert.ok(spaces.some(({ pidns }) => pidns === Number(own)), JSON.stringify(spaces));
});

Deno.test("execsnoop --max-args limits arguments, -t counts seconds, -c takes a group", async () => {
  const words = Array.from({ length: 30 }, (_, i) => `w${i}`);
  const stir = () => succeed("true", ...words);
  const line = (end: string) => new RegExp(`^\\d+\\.\\d{3} +true .* \\S*true ${end}$`, "m");
  await showsText("execsnoop -t --max-args 2", line("w0 \\.\\.\\."), stir);
  await showsText("execsnoop -t --max-args 31", line("w0 .*w29"), stir);
  const { code, stderr } = await runCli(["execsnoop", "-c", "/no/such/group"]);
  assert.equal(code, 1);
  assert.match(stderr, /\/no\/such\/group/);
});

Deno.test("tcpstates takes lists of ports, and tcpconnlat parts of a millisecond", async () => {
  const stir = () => succeed(...CONNECTION as [string, ...string[]]);
  const shown = await showsText("tcpstates -L 80,7777", / 7777 .* LAST_ACK +-> CLOSE/, stir);
  // Others may use port 80, and names of processes may have blanks.
  const local = shown.split("\n").slice(1, -1).map((line) =>
    / [0-9a-f.:]+ +(\d+) +[0-9a-f.:]+ +\d+ +[A-Z_0-9]+ +-> /.exec(line)?.[1] ?? line
  );
  assert.deepEqual(local.filter((port) => port !== "80" && port !== "7777"), [], shown);
  await showsText("tcpconnlat 0.001", /actor +4 +127\.0\.0\.1/, stir);
});
