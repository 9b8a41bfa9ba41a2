/** Tools of the box, where threads end, or start a program, in the middle of a call. */
import assert from "node:assert/strict";
import { CliProcess, runCli, WASM_BPF } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { fromFileUrl } from "../support/paths.ts";
import { succeed } from "../support/succeed.ts";
import { withSwitches } from "../support/timely.ts";

type Row = Readonly<Record<string, unknown>>;

/** Program of `tests/programs/threads.c`, built anew. */
const THREADS = fromFileUrl("../../dist/tests/threads");

const SOURCE = fromFileUrl("../programs/threads.c");

await succeed("clang", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread", "-o", THREADS, SOURCE);

/** Runs a tool while a command runs, and returns the rows that are printed. */
async function tracedCommand(words: string[], command: string[], expected = 0): Promise<Row[]> {
  const options = ["-o", "jsonl", "--timeout", "120s"];
  const { code, stdout, stderr } = await runCli([...options, ...words, "--", ...command]);
  assert.deepEqual({ command, code, stderr: stderr.replace(/^note: .*\n/gm, "") }, {
    ...{ command, code: expected, stderr: "" },
  });
  return stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line) as Row);
}

/** Runs a tool while the program performs an action, and returns its rows. */
function traced(words: string[], action: string, expected?: number): Promise<Row[]> {
  return tracedCommand(words, [THREADS, action], expected);
}

Deno.test("syscount counts calls that end a thread, and keeps no room for them", async () => {
  const rows = await traced(["--map-size", "call_start=3000", "syscount"], "many");
  const ends = rows.find(({ syscall }) => syscall === "exit");
  assert.ok(Number(ends?.["count"]) >= 4000, JSON.stringify(rows));
});

Deno.test("sslsniff keeps no room for threads that end inside a function", async () => {
  const words = ["--map-size", "call_start=100", "sslsniff", "-o", THREADS];
  const rows = await traced(words, "inside");
  assert.deepEqual(rows.map(({ data }) => data), ["sent at last"]);
});

Deno.test("exitsnoop shows a process at the end of its last thread", async () => {
  const rows = await traced(["exitsnoop"], "first", 7);
  const own = rows.filter(({ comm }) => comm === "threads");
  assert.deepEqual(own.map(({ pid, tid, exit_code, signal }) => [pid === tid, exit_code, signal]), [
    [true, 7, 0],
  ]);
});

Deno.test("exitsnoop shows no end where a thread starts another program", async () => {
  const rows = await traced(["exitsnoop"], "program");
  assert.deepEqual(rows.filter(({ comm }) => comm === "threads"), []);
});

Deno.test("syscount gives calls of 32-bit programs no name of another call", async () => {
  const { code } = await new Deno.Command(THREADS, { args: ["32bit"] }).output();
  // A kernel without such calls.
  if (code === 3) return;
  const rows = await traced(["syscount"], "32bit");
  const getpid = rows.find(({ syscall }) => syscall === "32bit:20");
  assert.ok(Number(getpid?.["count"]) >= 20, JSON.stringify(rows));
});

Deno.test("futexctn counts waits for locks that another one gets", async () => {
  const rows = await traced(["futexctn", "-n", "threads"], "requeue");
  assert.deepEqual(rows.map(({ comm, count }) => [comm, count]), [["threads", 5]]);
});

Deno.test("the end of a thread is not a break of a later one with its number", () =>
  withSwitches(async () => {
    const inner = [WASM_BPF, "-o", "jsonl", "--map-size", "breaks=100000", "offcputime"];
    const command = [...inner, "-n", "threads", "--", THREADS, "reborn"];
    const rows = await tracedCommand(["cpudist", "-O", "-P"], command);
    const own = rows.filter(({ comm }) => comm === "threads");
    const stacks = own.map((row) => `${row["kernel_stack_id"]}`);
    assert.ok(stacks.some((stack) => stack.includes("nanosleep")), JSON.stringify(own));
    assert.deepEqual(stacks.filter((stack) => stack.includes("task_dead")), []);
    const long = own.flatMap(({ hist = [] }) =>
      (hist as { min: number; count: number }[]).filter(({ min, count }) => min >= 2 ** 21 && count)
    );
    // The process that waits has one such break.
    assert.equal(long.length, 1, JSON.stringify(own));
  }));

const STARTED = { program: "started-by-a-thread", descriptor: "started-by-descriptor" };

for (const [action, word] of Object.entries(STARTED)) {
  Deno.test(`execsnoop shows ${word}`, async () => {
    await using run = new CliProcess(["--timeout", "120s", "execsnoop", "-l", word]);
    await until("the program is shown", async () => {
      await succeed(THREADS, action);
      return run.stdout.includes(`true ${word}`);
    });
  });
}
