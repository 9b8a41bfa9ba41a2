/** memleak: memory of commands, of processes while they live, and of the kernel. */
import assert from "node:assert/strict";
import { ACTOR } from "../support/actor.ts";
import { CliProcess, runCli } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { privateMounts } from "../support/mounts.ts";

type Row = Readonly<Record<string, unknown>>;

const rowsOf = (text: string) =>
  text.split("\n").slice(0, -1).map((line) => JSON.parse(line) as Row);

/** Sizes of the blocks that the program leaks. */
const isLeak = ({ bytes }: Row) => Number(bytes) > 0 && Number(bytes) % 12345 === 0;

Deno.test("memleak traces a command without another filter, and not its children", async () => {
  const both = ["sh", "-c", `${ACTOR} leak & exec ${ACTOR} leak`];
  const words = ["-o", "jsonl", "--timeout", "120s", "memleak", "-T", "1000", "--", ...both];
  const { code, stdout, stderr } = await runCli(words);
  assert.equal(code, 0, stderr);
  const rows = rowsOf(stdout);
  assert.ok(rows.some(isLeak), stdout);
  assert.equal(new Set(rows.map(({ pid }) => pid)).size, 1, stdout);
});

Deno.test("memleak does not trace the kernel for a command in a namespace of processes", async () => {
  const through = [
    ...["unshare", "--pid", "--fork", ...privateMounts("/proc")],
    ...["/bin/sh", "-c", 'mount -t proc proc /proc && exec "$@"', "sh"],
  ];
  const { code, stdout, stderr } = await runCli(
    ["-o", "jsonl", "--timeout", "120s", "memleak", "--", "true"],
    { through },
  );
  assert.deepEqual({ code, stdout }, { code: 0, stdout: "" }, stderr);
});

/** Process that leaks memory, and lives until it is told to end. */
class Leaking {
  readonly #child = new Deno.Command(ACTOR, {
    args: ["leak", "wait"],
    stdin: "piped",
    stdout: "null",
  }).spawn();

  get pid(): number {
    return this.#child.pid;
  }

  async end(): Promise<void> {
    await this.#child.stdin.close();
    await this.#child.status;
  }
}

Deno.test("memleak no longer shows processes that have ended", async () => {
  const words = ["-o", "jsonl", "--timeout", "120s", "--interval", "300ms"];
  await using run = new CliProcess([...words, "memleak", "-n", "actor", "-T", "10000"]);
  const rows = () => rowsOf(run.stdout).filter(isLeak);
  const processes: Leaking[] = [];
  try {
    let nextAt = 0;
    await until("a process that lives is shown", () => {
      // Those before the tool was attached are not seen.
      if (performance.now() >= nextAt) {
        processes.push(new Leaking());
        nextAt = performance.now() + 400;
      }
      return rows().some(({ pid }) => processes.some((one) => one.pid === pid));
    });
    const ended = new Set(processes.map(({ pid }) => pid));
    for (const one of processes.splice(0)) await one.end();
    const marker = new Leaking();
    processes.push(marker);
    await until("three tables in a row show the one that lives, and none that has ended", () => {
      const all = rows();
      const after = all.slice(all.findLastIndex(({ pid }) => ended.has(Number(pid))) + 1);
      const own = after.filter(({ pid }) => pid === marker.pid);
      const same = own.filter((row) => row["user_stack_id"] === own[0]?.["user_stack_id"]);
      return same.length >= 3;
    });
  } finally {
    for (const one of processes) await one.end();
  }
  run.kill("SIGINT");
  const { code, stderr } = await run.result();
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
});

Deno.test("memleak shows memory of the kernel until it is freed", async () => {
  const words = ["-o", "jsonl", "--timeout", "120s", "--interval", "300ms"];
  await using run = new CliProcess([...words, "memleak", "-z", "1500", "-Z", "4000"]);
  /** Blocks by stack that makes sockets, as last shown. */
  const sockets = () =>
    new Map(
      rowsOf(run.stdout).map((row) => [`${row["kernel_stack_id"]}`, Number(row["count"])] as const)
        .filter(([stack]) => /\bsk_(prot_)?alloc\b.*inet6?_create/.test(stack)),
    );
  const SOCKETS = 500, LEFT = 20;
  const open: Deno.Listener[] = [];
  const close = (left: number) => open.splice(left).forEach((one) => one.close());
  const most = () => [...sockets()].find(([, count]) => count >= SOCKETS)?.[0];
  let shown = -1, madeMs = 0;
  try {
    await until("the sockets are shown", () => {
      if (most() !== undefined) return true;
      // Those before the tool was attached are not seen; on a quiet machine it shows nothing else.
      if (run.stdout.length === shown && Date.now() - madeMs < 1000) return false;
      shown = run.stdout.length;
      madeMs = Date.now();
      close(0);
      while (open.length < SOCKETS) open.push(Deno.listen({ hostname: "127.0.0.1", port: 0 }));
      return false;
    });
    const stack = most() ?? "";
    close(LEFT);
    await until("fewer are left", () => (sockets().get(stack) ?? 0) < SOCKETS / 2);
  } finally {
    close(0);
  }
  assert.deepEqual(rowsOf(run.stdout).filter((row) => "pid" in row), []);
  run.kill("SIGINT");
  const { code, stderr } = await run.result();
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
});
