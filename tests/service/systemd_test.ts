import assert from "node:assert/strict";
import { Background } from "../support/background.ts";
import { WASM_BPF } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { TestFolder } from "../support/folder.ts";
import { SOAK } from "../support/soak.ts";
import { FILES, PROGRAM, SystemdMachine } from "../support/systemd_machine.ts";

/** Runs systemd-analyze offline: no manager is needed. */
async function analyze(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("systemd-analyze", {
    args: ["--no-pager", ...args],
    env: { SYSTEMD_LOG_LEVEL: "warning" },
  }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.equal(code, 0, text);
  return text;
}

const CASES: readonly [name: string, lines: string, limit: number][] = [
  ["observe", "{name: one, run: exitsnoop}", 3],
  ["network", `{name: one, run: ${WASM_BPF.replace(/wasm-bpf$/, "examples/xdp/xdp.wasm")}}`, 4],
  ["traced", '{name: one, run: exitsnoop, options: {pid: "1"}}', 4],
  ["uprobes", "{name: one, run: bashreadline}", 3],
  ["stacks", "{name: one, run: memleak}", 4],
];

for (const [name, line, limit] of CASES) {
  Deno.test(`gen systemd writes a unit of ${name} that systemd accepts and rates at most ${limit}`, async () => {
    await using runs = new Background();
    const file = `${runs.folder}/runs 1%.yaml`;
    const unit = `${runs.folder}/wasm-bpf-test.service`;
    await Deno.writeTextFile(file, `runs:\n  - ${line}\n`);
    await runs.out("gen", "systemd", file, "-o", unit);
    assert.equal((await analyze("verify", "--man=no", unit)).trim(), "");
    const text = await analyze("security", "--offline=yes", "--no-pager", unit);
    const rating = Number(/Overall exposure level.*?: ([\d.]+)/.exec(text)?.[1]);
    assert.ok(rating <= limit, `${rating}\n${text}`);
  });
}

Deno.test("gen systemd gives only what the modules need", async () => {
  await using runs = new Background();
  const file = `${runs.folder}/runs.yaml`;
  await Deno.writeTextFile(file, "runs:\n  - {name: one, run: exitsnoop}\n");
  const observe = await runs.out("generate", "systemd", file);
  assert.match(
    observe,
    /^CapabilityBoundingSet=CAP_DAC_READ_SEARCH CAP_SETPCAP CAP_PERFMON CAP_BPF$/m,
  );
  assert.match(observe, /^PrivateNetwork=yes$/m);
  const xdp = WASM_BPF.replace(/wasm-bpf$/, "examples/xdp/xdp.wasm");
  await Deno.writeTextFile(file, `runs:\n  - {name: one, run: ${xdp}}\n`);
  const network = await runs.out("gen", "systemd", file);
  assert.match(network, /^CapabilityBoundingSet=.*CAP_NET_ADMIN/m);
  assert.doesNotMatch(network, /PrivateNetwork/);
  // Functions in stacks: of the kernel, and of processes.
  await Deno.writeTextFile(file, "runs:\n  - {name: one, run: profile}\n");
  const stacks = await runs.out("gen", "systemd", file);
  const names = "CAP_SYS_PTRACE CAP_SYSLOG CAP_PERFMON CAP_BPF CAP_CHECKPOINT_RESTORE";
  assert.match(stacks, new RegExp(`^CapabilityBoundingSet=.*${names}$`, "m"));
  assert.doesNotMatch(stacks, /CAP_(NET|SYS)_ADMIN/);
});

/** Returns the system calls of a group, and of those within it. */
async function callsOf(group: string): Promise<Set<string>> {
  const calls = new Set<string>();
  for (const line of (await analyze("syscall-filter", group)).split("\n")) {
    const word = line.trim();
    if (word === group || word.startsWith("#") || word === "") continue;
    if (!word.startsWith("@")) calls.add(word);
    else for (const call of await callsOf(word)) calls.add(call);
  }
  return calls;
}

Deno.test("the unit allows the calls that runs make, and none that they do not", async () => {
  await using runs = new Background();
  const file = `${runs.folder}/runs.yaml`;
  await Deno.writeTextFile(file, "runs:\n  - {name: one, run: exitsnoop}\n");
  const unit = await runs.out("gen", "systemd", file);
  // systemd.exec(5): the first line starts an allow-list, each later one adds or removes.
  const allowed = new Set<string>();
  for (const [, sign, words = ""] of unit.matchAll(/^SystemCallFilter=(~?)(.*)$/gm)) {
    for (const word of words.split(" ")) {
      const calls = word.startsWith("@") ? await callsOf(word) : [word];
      for (const call of calls) sign === "~" ? allowed.delete(call) : allowed.add(call);
    }
  }
  for (const call of ["bpf", "perf_event_open", "seccomp", "landlock_restrict_self", "execve"]) {
    assert.ok(allowed.has(call), call);
  }
  for (const call of ["ptrace", "mount", "init_module", "reboot", "swapon", "clock_settime"]) {
    assert.ok(!allowed.has(call), call);
  }
});

if (SOAK) {
  Deno.test("a real systemd starts, watches, reloads, restarts and stops a unit", async () => {
    using folder = new TestFolder();
    const files = folder.at("files");
    await Deno.mkdir(files);
    const runs = (...names: string[]) =>
      Deno.writeTextFile(
        `${files}/runs.yaml`,
        `runs:\n${names.map((name) => `  - {name: ${name}, run: exitsnoop}\n`).join("")}`,
      );
    await runs("one");
    await using background = new Background();
    const unit = await background.out("gen", "systemd", `${files}/runs.yaml`);
    await Deno.writeTextFile(
      `${files}/wasm-bpf-test.service`,
      unit.replace(/^ExecStart=.*$/m, `ExecStart=${PROGRAM} up ${FILES}/runs.yaml`)
        .replace("WatchdogSec=30", "WatchdogSec=3"),
    );
    await using machine = await SystemdMachine.boot(folder, files);
    const isActive = async () => await machine.show("ActiveState") === "active";
    await until("the unit is active", isActive);
    const records = async (run: string) => {
      const text = await machine.journal();
      return text.split("\n").filter((line) => line.startsWith(`{"run":"${run}"`)).length;
    };
    await until("records are in the journal", async () => await records("one") > 0);
    // Capabilities of the unit, and none of the run once it is attached.
    const capabilitiesOf = async (pid: string) =>
      /^CapEff:\t(\w+)$/m.exec(await machine.run("cat", `/proc/${pid}/status`))?.[1];
    const main = await machine.show("MainPID");
    assert.equal(await capabilitiesOf(main), "000000c000000104");
    const [child = ""] = (await machine.run("cat", `/proc/${main}/task/${main}/children`))
      .split(" ");
    assert.equal(await capabilitiesOf(child), "0000000000000000");
    await runs("one", "two");
    await machine.run("systemctl", "reload", "wasm-bpf-test.service");
    await until("the new run has records", async () => await records("two") > 0);
    assert.equal(await machine.show("MainPID"), main);
    // It reports to the watchdog; one that is stopped does not, and is started again.
    await machine.run("kill", "-STOP", main);
    await until(
      "it is started again",
      async () => await machine.show("NRestarts") === "1" && await isActive(),
    );
    assert.notEqual(await machine.show("MainPID"), main);
    await machine.run("systemctl", "stop", "wasm-bpf-test.service");
    assert.equal(await machine.show("ActiveState"), "inactive");
    assert.equal(await machine.show("Result"), "success");
  });
}
