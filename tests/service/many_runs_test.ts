/**
 * Many runs at once: memory and processor time of each, no record lost; in the soak, flat memory and the
 * end of a machine. `WASM_BPF_SOAK_RUNS` and `WASM_BPF_SOAK_SECONDS` make it shorter.
 */
import assert from "node:assert/strict";
import { hasAttached } from "../../service/mod.ts";
import { Background } from "../support/background.ts";
import { until } from "../support/condition.ts";
import { EndingProcesses } from "../support/made_up_load.ts";
import { chooseSeed, Random } from "../support/random.ts";
import { SOAK, soakSize } from "../support/soak.ts";

const RUNS = Number(Deno.env.get("WASM_BPF_SOAK_RUNS") ?? soakSize({ short: 3, whole: 24 }));
const SECONDS = Number(Deno.env.get("WASM_BPF_SOAK_SECONDS") ?? soakSize({ short: 5, whole: 600 }));
/** Seconds of the run whose memory is watched. */
const FLAT_SECONDS = Number(Deno.env.get("WASM_BPF_SOAK_SECONDS") ?? 1800);
/** Processes that end each second. */
const RATE = 20;
/** Megabytes of a run with its supervisor; libraries that all share count in each. */
const MOST_MB = 200;
/** Growth of memory from the first fifth to the last. */
const MOST_GROWTH = 1.1;
const ROUNDS = 20;

interface Usage {
  readonly name: string;
  readonly residentBytes: number;
  readonly cpuSeconds?: number;
}

async function usageOf(runs: Background, ...names: string[]): Promise<Usage[]> {
  return JSON.parse(await runs.out("stats", "--json", "--no-stream", ...names));
}

/** Number of records in the log of a run. */
async function logged(runs: Background, name: string): Promise<number> {
  const text = await runs.out("logs", "-o", "jsonl", name);
  return text.split("\n").filter((line) => line.startsWith("{")).length;
}

Deno.test(`${RUNS} runs at once for ${SECONDS} s see the same, and lose nothing`, async () => {
  await using load = await EndingProcesses.create();
  await using runs = new Background();
  const names = Array.from({ length: RUNS }, (_, i) => `r${i}`);
  for (const name of names) {
    await runs.out("run", "-d", "--name", name, "--cgroup", load.path, "exitsnoop");
  }
  for (const name of names) {
    // A busy machine may hold a start up for longer than it is waited for.
    const { process } = await runs.shown(name);
    await until(`${name} is attached`, () => hasAttached(process?.pid ?? 0));
  }
  load.start(RATE);
  // time: the length of the form is that of the load
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
  const usages = await usageOf(runs, ...names);
  await load.stop();
  assert.equal(usages.length, RUNS);
  for (const { name, residentBytes } of usages) {
    assert.ok(residentBytes < MOST_MB * 1e6, `${name}: ${residentBytes} bytes`);
  }
  let counts: number[] = [];
  await until("all have the same records", async () => {
    counts = await Promise.all(names.map((name) => logged(runs, name)));
    return new Set(counts).size === 1;
  }).catch((cause) => {
    throw new Error(`records: ${counts.join()}`, { cause });
  });
  assert.ok((counts[0] ?? 0) > SECONDS, `${counts[0]} records`);
  for (const name of names) {
    // Losses are reported at the end.
    await runs.out("stop", name);
    assert.doesNotMatch((await runs.cli("logs", name)).stderr, /lost/);
    assert.equal((await runs.shown(name)).restarts, 0);
  }
});

if (SOAK) {
  Deno.test(`memory is flat over ${FLAT_SECONDS} s with metrics and a page`, async () => {
    await using load = await EndingProcesses.create();
    await using runs = new Background();
    await runs.out(
      ...["run", "-d", "--name", "one", "--metrics", "0", "--metric", "pid", "--web"],
      ...["--containers", "--cgroup", load.path, "exitsnoop"],
    );
    load.start(RATE * 5);
    const sizes: number[] = [];
    const start = Date.now();
    while (Date.now() - start < FLAT_SECONDS * 1000) {
      // time: fifty looks, as far apart as the form is long
      await new Promise((resolve) => setTimeout(resolve, FLAT_SECONDS * 20));
      const [usage] = await usageOf(runs, "one");
      sizes.push(usage?.residentBytes ?? NaN);
    }
    const fifth = Math.max(1, Math.floor(sizes.length / 5));
    const mean = (list: number[]) => list.reduce((sum, one) => sum + one, 0) / list.length;
    // The first look finds what starts.
    const [first, last] = [mean(sizes.slice(1, fifth + 1)), mean(sizes.slice(-fifth))];
    assert.ok(last < first * MOST_GROWTH, `${first} to ${last} bytes: ${sizes.join()}`);
  });

  Deno.test(`ps is right after ${ROUNDS} machines that end at random moments`, async () => {
    const seed = chooseSeed();
    const random = new Random(seed);
    await using runs = new Background();
    for (let round = 0; round < ROUNDS; round++) {
      const name = `m${round}`;
      const start = `${Deno.cwd()}/dist/wasm-bpf run -d --name ${name} --restart always exitsnoop`;
      // All processes of a namespace end with its first one, as those of a machine do.
      const machine = new Deno.Command("unshare", {
        args: [
          ...["--pid", "--fork", "--kill-child", "--mount-proc"],
          ...["/bin/sh", "-c", `${start}; exec tail -f /dev/null`],
        ],
        env: runs.env,
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn();
      const files = `${runs.env["XDG_STATE_HOME"]}/wasm-bpf/runs/${name}`;
      await until("the run is defined", () => Deno.stat(files).then(() => true, () => false));
      const ms = random.below(3000);
      // time: the moment is what is random
      await new Promise((resolve) => setTimeout(resolve, ms));
      machine.kill("SIGKILL");
      await machine.status;
      const what = `seed ${seed}, round ${round}, after ${ms} ms`;
      await until(what, () => runs.processes().length === 0);
      assert.equal(await runs.out("ps", "-q"), "", what);
      assert.equal((await runs.shown(name)).status, "lost", what);
      await runs.out("restart", name);
      await runs.until(name, ({ phase }) => phase === "running");
      await runs.out("stop", "--rm", name);
    }
    assert.equal(await runs.out("ps", "-aq"), "");
  });
}
