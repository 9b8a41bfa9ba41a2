import assert from "node:assert/strict";
import { succeed } from "../support/actor.ts";
import { Background, killShown } from "../support/background.ts";
import { CliProcess } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { Runs } from "../../service/mod.ts";
import { chooseSeed, Random } from "../support/random.ts";
import { soakSize } from "../support/soak.ts";
import { assembleTo, SLEEPING } from "../support/wat.ts";

/** Guest that prints a line and exits with 0, or with another code. */
const printing = (text: string, code = 0) =>
  `(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\10\\00\\00\\00\\06\\00\\00\\00")
  (data (i32.const 16) "${text}\\n")
  (func (export "_start")
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (call $exit (i32.const ${code}))))`;

Deno.test("run -d starts a tool that ps, logs, stats, restart and stop manage", async () => {
  await using runs = new Background();
  assert.equal(await runs.out("run", "-d", "--name", "one", "exitsnoop"), "one\n");
  const first = await runs.shown("one");
  assert.equal(first.status, "running");
  await until("a record is logged", async () => {
    await new Deno.Command("true").output();
    const rows = JSON.parse(
      await runs.out("logs", "-o", "json", "--filter", 'comm == "true"', "one"),
    );
    return rows.some(({ comm }: { comm: string }) => comm === "true");
  });
  assert.match(await runs.out("logs", "one"), /^COMM +PID +PPID/);
  assert.match(await runs.out("logs", "-o", "jsonl", "--tail", "1", "one"), /^\{.*\}\n$/);
  const [usage] = JSON.parse(await runs.out("stats", "--json", "one"));
  assert.ok(usage.programs >= 1 && usage.links >= 1 && usage.residentBytes > 1e6, `${usage}`);
  // The name is in use, and rm is the store's.
  assert.match(
    (await runs.cli("run", "-d", "--name", "one", "exitsnoop")).stderr,
    /another run has it/,
  );
  assert.match((await runs.cli("rm", "one")).stderr, /stop --rm one/);
  await runs.out("restart", "one");
  const second = await runs.shown("one");
  assert.notEqual(second.process?.pid, first.process?.pid);
  assert.equal(second.supervisor?.pid, first.supervisor?.pid);
  await runs.out("stop", "one");
  assert.equal((await runs.shown("one")).status, "ended");
  assert.deepEqual(runs.processes(), []);
  assert.equal(await runs.out("ps", "-q"), "");
  await runs.out("restart", "one");
  assert.equal((await runs.shown("one")).status, "running");
  await runs.out("stop", "--rm", "one");
  assert.equal(await runs.out("ps", "-aq"), "");
});

Deno.test("run -d takes options after the name of a tool, of both kinds", async () => {
  await using runs = new Background();
  await Promise.all(["exitsnoop", "opensnoop"].map(async (tool) => {
    await runs.out("run", "-d", "--name", tool, tool, "-o", "jsonl", "--count", "1");
    await until("the run has ended", async () => {
      // Its start opens files, and its end is one.
      await new Deno.Command("true").output();
      return (await runs.shown(tool)).status === "ended";
    });
    const lines = (await runs.out("logs", tool)).trimEnd().split("\n");
    assert.equal(lines.length, 1);
    assert.equal(typeof JSON.parse(lines[0] ?? "").comm, "string");
  }));
});

Deno.test("run -d serves metrics and a page, again after the run was killed", async () => {
  await using runs = new Background();
  const words = ["--restart", "always", "--metrics", "0", "--web"];
  await runs.out("run", "-d", "--name", "seen", ...words, "exitsnoop");
  /** Returns the newest link that the log has of a kind, once there are `count`. */
  const link = async (kind: "metrics" | "page", count: number) => {
    let found: string[] = [];
    await until(`the ${kind} have an address`, async () => {
      const { stderr: text } = await runs.cli("logs", "seen");
      found = [...text.matchAll(new RegExp(`^${kind}: (\\S+)$`, "gm"))].map(([, url = ""]) => url);
      return found.length === count;
    });
    return found.at(-1) ?? "";
  };
  for (const restarts of [0, 1]) {
    const metrics = await (await fetch(await link("metrics", restarts + 1))).text();
    assert.match(metrics, new RegExp(`^wasm_bpf_run_restarts_total ${restarts}$`, "m"));
    const page = await fetch(await link("page", restarts + 1));
    assert.equal(page.status, 200);
    assert.match(await page.text(), /^<!doctype html>/i);
    const { process } = await runs.until("seen", ({ phase }) => phase === "running");
    if (restarts === 0) killShown(process);
  }
});

Deno.test("run -d keeps the output of a guest and its exit code; prune removes it", async () => {
  await using runs = new Background();
  const module = await assembleTo(`${runs.folder}/hello.wasm`, printing("hello"));
  const name = (await runs.out("run", "-d", module)).trim();
  assert.equal(name, "hello");
  const { exitCode } = await runs.until(name, ({ phase }) => phase === "ended");
  assert.equal(exitCode, 0);
  assert.equal(await runs.out("logs", name), "hello\n");
  assert.equal(await runs.out("prune", "--dry-run"), `${name}\nwould free 0 B, 0 blobs, 1 run\n`);
  await runs.out("prune");
  assert.equal(await runs.out("ps", "-aq"), "");
});

Deno.test("run -d reports a run that fails at its start, and frees its name", async () => {
  await using runs = new Background();
  const { code, stdout, stderr } = await runs.cli(
    "run",
    "-d",
    "exitsnoop",
    "--attach",
    "no=tp/no/no",
  );
  assert.notEqual(code, 0);
  assert.equal(stdout, "");
  assert.match(stderr, /^error: /);
  assert.equal(await runs.out("ps", "-aq"), "");
});

Deno.test("a run is started again as its policy says, and not with another module", async () => {
  await using runs = new Background();
  const module = await assembleTo(`${runs.folder}/tool.wasm`, printing("first", 7));
  await runs.cli("run", "-d", "--name", "again", "--restart", "always", module);
  await runs.until("again", ({ restarts }) => restarts >= 2);
  await assembleTo(module, printing("other"));
  await until(
    "the change is refused",
    async () => /changed since/.test((await runs.cli("logs", "again")).stderr),
  );
  await runs.out("stop", "again");
  assert.doesNotMatch(await runs.out("logs", "again"), /other/);
});

Deno.test("names that are paths or options are refused", async () => {
  await using runs = new Background();
  for (const name of ["../x", "", "a\nb"]) {
    const { code, stderr } = await runs.cli("run", "-d", `--name=${name}`, "exitsnoop");
    assert.ok(code === 1 || code === 2, `${name}: ${code} ${stderr}`);
  }
  assert.equal(await runs.out("ps", "-aq"), "");
});

Deno.test("root refuses the state directory of another user", async () => {
  await using runs = new Background();
  await Deno.chown(runs.env["XDG_STATE_HOME"] ?? "", 65534, 65534);
  const { code, stderr } = await runs.cli("run", "-d", "exitsnoop");
  assert.equal(code, 1);
  assert.match(stderr, /belongs to user 65534/);
  await Deno.chown(runs.env["XDG_STATE_HOME"] ?? "", 0, 0);
});

Deno.test("ps is right and restart works while the disk is full", async () => {
  await using runs = new Background();
  const disk = `${runs.folder}/disk`;
  await Deno.mkdir(disk, { mode: 0o700 });
  await succeed("mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "wasm-bpf-test", disk);
  try {
    runs.env["XDG_STATE_HOME"] = `${disk}/state`;
    runs.env["XDG_RUNTIME_DIR"] = `${disk}/session`;
    for (const path of Object.values(runs.env)) await Deno.mkdir(path, { mode: 0o700 });
    await runs.out("run", "-d", "--name", "one", "--restart", "always", "exitsnoop");
    fill(`${disk}/rest`);
    const first = await runs.shown("one");
    killShown(first.process);
    const second = await runs.until(
      "one",
      ({ phase, process }) =>
        phase === "running" && process !== undefined && process.pid !== first.process?.pid,
    );
    assert.equal(second.restarts, 1);
    await runs.out("restart", "one");
    killShown((await runs.shown("one")).supervisor);
    await runs.until("one", ({ phase }) => phase === "lost");
    await runs.out("restart", "one");
    assert.equal((await runs.shown("one")).status, "running");
    await runs.out("stop", "one");
    assert.equal((await runs.shown("one")).status, "ended");
    await runs.out("stop", "--rm", "one");
  } finally {
    for (const pid of runs.processes()) Deno.kill(pid, "SIGKILL");
    await until("all processes are gone", () => runs.processes().length === 0);
    await succeed("umount", disk);
  }
});

/** Writes a file until the disk is full. */
function fill(path: string): void {
  using file = Deno.openSync(path, { write: true, create: true });
  const bytes = new Uint8Array(4096);
  assert.throws(() => {
    for (let i = 0; i < 1000; i++) file.writeSync(bytes);
  });
}

Deno.test("logs -f -n shows the last lines once, and what is hostile as text", async () => {
  await using runs = new Background();
  const sleeping = await assembleTo(`${runs.folder}/sleep.wasm`, SLEEPING);
  await runs.out("run", "-d", "--name", "one", sleeping);
  const { log } = await runs.shown("one");
  const deep = `{"a":${"[".repeat(20_000)}${"]".repeat(20_000)}}`;
  const record = '{"address":18446744073709551615}';
  const texts = [...Array.from({ length: 50 }, (_, i) => `line ${i}`), deep, record];
  // Lines that are written at once have one time.
  const lines = (texts: string[]) =>
    texts.map((text) => `2026-01-01T00:00:00.000Z stdout F ${text}\n`).join("");
  await Deno.writeTextFile(log, lines(texts));
  const columns = await runs.out("logs", "-o", "columns", "one");
  assert.ok(columns.includes(`\n${deep}\n`));
  assert.match(columns, /\n18446744073709551615\n$/);
  assert.equal(await runs.out("logs", "--since", "+012026-01-01T00:00:00Z", "one"), "");
  await using follower = new CliProcess(["logs", "-f", "-n", "2", "one"], { env: runs.env });
  await follower.waitFor(/address.*\n/);
  await Deno.writeTextFile(log, lines(["next"]), { append: true });
  await follower.waitFor(/next\n/);
  assert.equal(follower.stdout, `${deep}\n${record}\nnext\n`);
});

Deno.test("the log has the bound that is given, and a start that is killed is shown as that", async () => {
  await using runs = new Background();
  await runs.out("run", "-d", "--name", "one", "--log-size", "64K", "exitsnoop");
  for (const size of ["63K", "2048G"]) {
    assert.equal((await runs.cli("run", "-d", "--log-size", size, "exitsnoop")).code, 2, size);
  }
  // As after a kill before the supervisor of a run began.
  const places = {
    state: `${runs.env["XDG_STATE_HOME"]}/wasm-bpf`,
    runtime: `${runs.env["XDG_RUNTIME_DIR"]}/wasm-bpf`,
  };
  const { definition } = new Runs(places).find("one");
  assert.equal(definition.logBytes, 65_536);
  await new Runs(places).create({ given: "never" }, (name) => ({ ...definition, name }));
  assert.match(await runs.out("ps", "-a"), /never +lost: its start was interrupted/);
});

Deno.test("root makes nothing where a link leads in place of its directory", async () => {
  await using runs = new Background();
  const other = `${runs.folder}/other`;
  await Deno.mkdir(other);
  await Deno.symlink(other, `${runs.env["XDG_STATE_HOME"]}/wasm-bpf`);
  const { code, stderr } = await runs.cli("run", "-d", "exitsnoop");
  assert.equal(code, 1);
  assert.match(stderr, /not a directory/);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(other)), []);
  await Deno.remove(`${runs.env["XDG_STATE_HOME"]}/wasm-bpf`);
});

Deno.test("a run whose definition is damaged is shown and can be ended", async () => {
  await using runs = new Background();
  await runs.out("run", "-d", "--name", "one", "exitsnoop");
  const { log, process } = await runs.shown("one");
  await Deno.writeTextFile(log.replace(/log$/, "run.json"), '{"version":99}');
  const shown = await runs.shown("one");
  assert.deepEqual([shown.status, shown.process?.pid], ["running", process?.pid]);
  assert.match((await runs.cli("logs", "one")).stderr, /stop --rm one/);
  await runs.out("stop", "--rm", "one");
  assert.deepEqual(runs.processes(), []);
  assert.equal(await runs.out("ps", "-aq"), "");
});

const KILLS = soakSize({ short: 10, whole: 100 });

Deno.test(`ps is right after ${KILLS} kills at random moments`, async () => {
  const seed = chooseSeed();
  const random = new Random(seed);
  await using runs = new Background();
  for (let round = 0; round < KILLS; round++) {
    const name = `r${round}`;
    const victim = random.pick(["supervisor", "process"] as const);
    await using start = new CliProcess(
      ["run", "-d", "--name", name, "--restart", "always", "exitsnoop"],
      { env: runs.env },
    );
    const live = `${runs.env["XDG_RUNTIME_DIR"]}/wasm-bpf/${name}.json`;
    let pid = 0;
    await until("the process is known", () => {
      pid = read(live)?.[victim]?.pid ?? 0;
      return pid > 0;
    });
    const ms = random.below(600);
    // time: the moment is what is random
    await new Promise((resolve) => setTimeout(resolve, ms));
    Deno.kill(pid, "SIGKILL");
    const what = `seed ${seed}, round ${round}: ${victim} after ${ms} ms`;
    const { code } = await start.result();
    if (code !== 0) {
      // The command noticed: nothing is left of the run.
      // A process that was just started notices the end of its supervisor before it loads anything.
      await until(what, () => runs.processes().length === 0);
      assert.equal(await runs.out("ps", "-aq"), "", what);
      continue;
    }
    if (victim === "supervisor") {
      const { status } = await runs.until(name, ({ phase }) => phase === "lost");
      assert.equal(status, "lost", what);
      await until(what, () => runs.processes().length === 0);
    } else {
      const run = await runs.until(
        name,
        (run) => run.phase === "running" && run.restarts >= 1 && run.process?.pid !== pid,
      );
      assert.equal(runs.processes().length, 2, what);
      assert.ok(run.process !== undefined && runs.processes().includes(run.process.pid), what);
    }
    await runs.out("stop", "--rm", name);
    assert.deepEqual(runs.processes(), [], what);
  }
});

function read(path: string): Record<string, { pid: number }> | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(path));
  } catch {
    return undefined;
  }
}

Deno.test("a process number of another boot or another process is not signalled", async () => {
  await using runs = new Background();
  await runs.out("run", "-d", "--name", "one", "exitsnoop");
  const live = `${runs.env["XDG_RUNTIME_DIR"]}/wasm-bpf/one.json`;
  await runs.out("stop", "one");
  const other = new Deno.Command("cat", { stdin: "piped" }).spawn();
  const boot = (await Deno.readTextFile("/proc/sys/kernel/random/boot_id")).trim();
  const stale = { pid: other.pid, start: 1 };
  await Deno.writeTextFile(
    live,
    JSON.stringify({
      phase: "running",
      boot,
      supervisor: stale,
      process: stale,
      restarts: 0,
      started: "",
    }),
  );
  await Deno.remove(`${runs.env["XDG_STATE_HOME"]}/wasm-bpf/runs/one/outcome.json`);
  assert.equal((await runs.shown("one")).status, "lost");
  await runs.out("stop", "one");
  other.kill("SIGTERM");
  await other.stdin.close().catch(() => {});
  assert.equal((await other.status).signal, "SIGTERM");
});

Deno.test("commands at the same time create one run of a name", async () => {
  await using runs = new Background();
  const results = await Promise.all(
    [1, 2, 3].map(() => runs.cli("run", "-d", "--name", "same", "exitsnoop")),
  );
  assert.deepEqual(results.map(({ code }) => code).sort(), [0, 1, 1]);
  assert.equal(runs.processes().length, 2);
});
