/** Capabilities of processes that keep runs running, with real runs. */
import assert from "node:assert/strict";
import { capabilityNames } from "../../service/capabilities.ts";
import { Background, killShown } from "../support/background.ts";
import { CliProcess } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { NetworkNamespace } from "../support/actor.ts";

/** Returns the names of what any thread of a process has, or can get. */
async function capabilitiesOf(pid = 0): Promise<string[]> {
  const names = new Set<string>();
  for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
    // Threads end at any time.
    const text = await Deno.readTextFile(`/proc/${pid}/task/${name}/status`).catch(() => "");
    for (const [, bits] of text.matchAll(/^Cap(?:Inh|Prm|Eff|Bnd|Amb):\s*(\w+)$/gm)) {
      for (const one of capabilityNames(BigInt(`0x${bits}`))) names.add(one.slice(4));
    }
  }
  return [...names];
}

const OBSERVING = ["DAC_READ_SEARCH", "SETPCAP", "PERFMON", "BPF"];
const STACKS = ["SYS_PTRACE", "SYSLOG", "CHECKPOINT_RESTORE"];

const COUNTED = /^wasm_bpf_program_runs_total\{.*\} [1-9]/m;

/** Runs: their words, and the capabilities of their supervisors. */
const CASES: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  // The supervisor holds the kernel's counting, so that its run needs no right for it.
  ["observes", ["--metrics=0", "runqlen"], OBSERVING],
  ["takes stacks", ["profile"], [...OBSERVING, ...STACKS]],
  ["traces processes", ["bashreadline"], [...OBSERVING, "SYS_ADMIN"]],
  ["counts packets", ["--attach=on_packet=lo", "xdpstat"], [
    ...OBSERVING,
    ...["NET_ADMIN", "NET_RAW"],
  ]],
];

Deno.test("a supervisor has the capabilities of its run, and starts it again", async () => {
  await using runs = new Background();
  await using network = await NetworkNamespace.create();
  await Promise.all(CASES.map(async ([what, words, wanted], i) => {
    const name = `run${i}`;
    // Interfaces of their own: others may have a program on loopback.
    await using start = new CliProcess(
      ["run", "-d", "--name", name, "--restart=always", ...words],
      {
        env: runs.env,
        through: words.includes("xdpstat") ? ["nsenter", "-t", `${network.pid}`, "-n", "--"] : [],
      },
    );
    const { code, stderr } = await start.result();
    assert.equal(code, 0, `${what}: ${stderr}`);
    const { supervisor, process } = await runs.shown(name);
    // On a busy machine it may not be waited for.
    await until(`${what}: it is attached`, () => isAttached(process?.pid ?? 0));
    for (const pid of [supervisor?.pid, process?.pid]) {
      assert.deepEqual((await capabilitiesOf(pid)).sort(), [...wanted].sort(), what);
    }
    killShown(process);
    const again = await runs.until(name, (run) => run.phase === "running" && run.restarts === 1);
    assert.notEqual(again.process?.pid, process?.pid);
    await until(`${what}: it is attached again`, () => isAttached(again.process?.pid ?? 0));
    if (!words.includes("--metrics=0")) return;
    await until(
      "runs of the program are counted again",
      async () => COUNTED.test(await metricsOf(runs, name, 2)),
    );
  }));
});

/** Reports whether a process has a program attached. */
function isAttached(pid: number): boolean {
  return namesIn(`/proc/${pid}/task`).some((task) =>
    namesIn(`/proc/${pid}/task/${task}/fd`).some((fd) => {
      try {
        const target = Deno.readLinkSync(`/proc/${pid}/task/${task}/fd/${fd}`);
        return /bpf[-_]link|perf_event|raw-tracepoint/.test(target);
      } catch {
        return false;
      }
    })
  );
}

/** Lists a folder of a process or thread, which may end meanwhile. */
function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch {
    return [];
  }
}

/** Returns the pages of metrics of all starts, the newest last. */
async function metricsOf(runs: Background, name: string, starts: number): Promise<string> {
  const { stderr } = await runs.cli("logs", name);
  const links = [...stderr.matchAll(/^metrics: (\S+)$/gm)].map(([, url = ""]) => url);
  if (links.length < starts) return "";
  return await (await fetch(links.at(-1) ?? "")).text();
}

Deno.test("a run that needs more than before is refused, and restart gives it that", async () => {
  await using runs = new Background();
  await runs.out("run", "-d", "--name", "one", "--restart=always", "runqlen");
  const before = await runs.shown("one");
  // As an upgrade of wasm-bpf changes a tool.
  const path = `${runs.env["XDG_STATE_HOME"]}/wasm-bpf/runs/one/run.json`;
  const definition = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, definition.replaceAll('"runqlen"', '"bashreadline"'));
  killShown(before.process);
  await until("the refusal is logged", async () => {
    const { stderr } = await runs.cli("logs", "one");
    return /needs CAP_SYS_ADMIN now[^]*hint: run wasm-bpf restart one/.test(stderr);
  });
  assert.equal((await runs.shown("one")).supervisor?.pid, before.supervisor?.pid);
  await runs.out("restart", "one");
  const after = await runs.until("one", ({ phase }) => phase === "running");
  assert.notEqual(after.supervisor?.pid, before.supervisor?.pid);
  assert.ok((await capabilitiesOf(after.supervisor?.pid)).includes("SYS_ADMIN"));
  // The other way as well: nothing stays that is not needed any more.
  await Deno.writeTextFile(path, definition);
  await runs.out("restart", "one");
  const last = await runs.until("one", ({ phase }) => phase === "running");
  assert.deepEqual((await capabilitiesOf(last.supervisor?.pid)).sort(), [...OBSERVING].sort());
});

Deno.test("up keeps what its runs need, and refuses a file that needs more", async () => {
  await using runs = new Background();
  const file = `${runs.folder}/runs.yaml`;
  const write = (...lines: string[]) =>
    Deno.writeTextFile(file, `runs:\n${lines.map((line) => `  - ${line}\n`).join("")}`);
  await write("{name: a, run: runqlen}", "{name: b, run: profile}");
  await using up = new CliProcess(["up", file], { env: runs.env });
  await until("both run", async () => (await runs.out("ps", "-q")) === "a\nb\n");
  const processOf = async (name: string) =>
    (await runs.until(name, ({ phase }) => phase === "running")).process?.pid ?? 0;
  const [a, b] = [await processOf("a"), await processOf("b")];
  const both = [...OBSERVING, ...STACKS].sort();
  assert.deepEqual((await capabilitiesOf(up.pid)).sort(), both);
  // Each has its own alone, as soon as it has looked at what it runs.
  await until("both are attached", () => isAttached(a) && isAttached(b));
  assert.deepEqual((await capabilitiesOf(a)).sort(), [...OBSERVING].sort());
  assert.deepEqual((await capabilitiesOf(b)).sort(), both);
  await write("{name: a, run: runqlen}", "{name: c, run: bashreadline}");
  up.kill("SIGHUP");
  await until(
    "the refusal is reported",
    () =>
      /line 3: run "c": Cannot start run "c": it needs CAP_SYS_ADMIN[^]*hint: restart wasm-bpf up/
        .test(up.stderr),
  );
  assert.deepEqual([await processOf("a"), await processOf("b")], [a, b]);
  // A run that needs no more is started.
  await write("{name: a, run: runqlen}", "{name: d, run: runqslower}");
  up.kill("SIGHUP");
  await processOfLater(runs, "d");
  assert.equal(await processOf("a"), a);
  await runs.out("down", file);
  assert.equal((await up.result()).code, 0);
});

async function processOfLater(runs: Background, name: string): Promise<void> {
  await until(`${name} runs`, async () => (await runs.out("ps", "-q")).includes(name));
  await runs.until(name, ({ phase }) => phase === "running");
}
