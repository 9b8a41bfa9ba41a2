/** memleak: memory of commands, of processes while they live, and of the kernel. */
import assert from "node:assert/strict";
import { ACTOR } from "../support/actor.ts";
import { CliProcess, runCli } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { TestFolder } from "../support/folder.ts";
import { privateMounts } from "../support/mounts.ts";
import { succeed } from "../support/succeed.ts";
import { withAttempts } from "../support/timely.ts";

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

/** Runs memleak while the program leaks ten blocks each time, and returns its rows. */
async function leaked(words: readonly string[], actions: readonly string[]): Promise<Row[]> {
  const options = ["-o", "jsonl", "--timeout", "120s", "memleak", "-T", "1000", ...words];
  const { code, stdout, stderr } = await runCli([...options, "--", ACTOR, ...actions]);
  assert.deepEqual({ words, code }, { words, code: 0 }, stderr);
  return rowsOf(stdout);
}

Deno.test("memleak -a shows each block, and --older those of an age", async () => {
  // The program sleeps for 300 ms after each ten blocks: if its files were not looked at within them,
  // its functions have no names.
  await withAttempts(async () => {
    const blocks = (await leaked(["-a", "--older", "450"], ["leak", "leak"])).filter(isLeak);
    assert.ok(blocks.length >= 10, JSON.stringify(blocks));
    assert.equal(new Set(blocks.map(({ address }) => address)).size, blocks.length);
    for (const { age_ns, bytes, user_stack_id } of blocks) {
      assert.ok(bytes === 12345 && Number(age_ns) >= 450_000_000, JSON.stringify(blocks));
      assert.match(`${user_stack_id}`, /leak/);
    }
  });
  const sums = (await leaked(["--older", "100"], ["leak"])).filter(isLeak);
  assert.equal(sums.reduce((sum, { count }) => sum + Number(count), 0), 10);
  assert.deepEqual(await leaked(["--older", "3600000"], ["leak"]), []);
});

Deno.test("memleak --older and -a show memory of the kernel", async () => {
  const words = ["-o", "jsonl", "--timeout", "120s", "--interval", "300ms", "memleak", "-T", "20"];
  await using run = new CliProcess([...words, "-a", "--older", "200"]);
  await until("rows are shown", () => rowsOf(run.stdout).length > 0);
  for (const { memory, address, age_ns, kernel_stack_id } of rowsOf(run.stdout)) {
    assert.match(`${memory}`, /^(SLAB|PAGES|PERCPU)$/);
    assert.match(`${address}`, /^0x[0-9a-f]+$/);
    assert.ok(Number(age_ns) >= 200_000_000);
    assert.ok(kernel_stack_id !== undefined);
  }
  const none = await runCli([...words, "--older", "3600000", "--count", "1"]);
  assert.deepEqual([none.code, none.stdout], [0, ""], none.stderr);
});

Deno.test("memleak counts an address once when its block was freed unseen", async () => {
  using folder = new TestFolder();
  const [source, program] = [folder.at("again.c"), folder.at("again")];
  // Functions with the names of the C library's, for this program alone; free() is never called.
  const named = (result: string, name: string, args: string, body: string) =>
    `static ${result} own_${name}(${args}) __asm__("${name}");
     __attribute__((used)) static ${result} own_${name}(${args}) { ${body} }\n`;
  await Deno.writeTextFile(
    source,
    "static char place[64];\n" +
      named("void *", "malloc", "unsigned long bytes", "return bytes ? place : 0;") +
      named("void *", "calloc", "unsigned long a, unsigned long b", "return a + b ? place : 0;") +
      named("void *", "realloc", "void *p, unsigned long bytes", "return bytes ? p : 0;") +
      named("void", "free", "void *p", "(void)p;") +
      "int main(void) { for (int i = 0; i < 5; i++) if (!own_malloc(777)) return 1; return 0; }\n",
  );
  await succeed("clang", "-O0", "-fno-builtin", "-o", program, source);
  const words = ["-o", "jsonl", "--timeout", "120s", "memleak", "-O", program, "--", program];
  const { code, stdout, stderr } = await runCli(words);
  assert.equal(code, 0, stderr);
  assert.deepEqual(rowsOf(stdout).map(({ bytes, count }) => ({ bytes, count })), [
    { bytes: 777, count: 1 },
  ]);
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
  const tool = [...words, "memleak", "-n", "actor", "-T", "10000"];
  await using sums = new CliProcess(tool);
  await using blocks = new CliProcess([...tool, "-a"]);
  const runs = [sums, blocks];
  const rows = (run: CliProcess) => rowsOf(run.stdout).filter(isLeak);
  const processes: Leaking[] = [];
  try {
    let nextAt = 0;
    await until("a process that lives is shown", () => {
      // Those before the tool was attached are not seen.
      if (performance.now() >= nextAt) {
        processes.push(new Leaking());
        nextAt = performance.now() + 400;
      }
      return runs.every((run) =>
        rows(run).some(({ pid }) => processes.some((one) => one.pid === pid))
      );
    });
    const ended = new Set(processes.map(({ pid }) => pid));
    for (const one of processes.splice(0)) await one.end();
    const marker = new Leaking();
    processes.push(marker);
    await until("three tables in a row show the one that lives, and none that has ended", () => {
      return runs.every((run) => {
        const all = rows(run);
        const after = all.slice(all.findLastIndex(({ pid }) => ended.has(Number(pid))) + 1);
        const own = after.filter(({ pid }) => pid === marker.pid);
        const [place, stack] = [own[0]?.["address"], own[0]?.["user_stack_id"]];
        const same = own.filter((row) =>
          row["address"] === place && row["user_stack_id"] === stack
        );
        return same.length >= 3;
      });
    });
  } finally {
    for (const one of processes) await one.end();
  }
  for (const run of runs) {
    run.kill("SIGINT");
    const { code, stderr } = await run.result();
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  }
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
