import assert from "node:assert/strict";
import { FileLock, isAlive, Runs } from "../../service/mod.ts";
import { bootId, identify } from "../../service/processes.ts";
import { until } from "../../tests/support/condition.ts";
import { withFolder } from "../../tests/support/folder.ts";
import { restartRunning } from "./end.ts";

// Loads the library here, which stays: a test that loads it has a leak.
isAlive({ pid: 1, start: 0 });

/** Runs that count how often they are looked at. */
class CountedRuns extends Runs {
  looks = 0;

  override find(name: string) {
    this.looks += 1;
    return super.find(name);
  }
}

function identified(pid: number) {
  const id = identify(pid);
  assert.ok(id);
  return id;
}

Deno.test("restartRunning() waits for the next process after the end of the previous one", async () => {
  await withFolder(async (folder) => {
    const runs = new CountedRuns({ state: `${folder}/state`, runtime: `${folder}/run` });
    const { files, definition } = await runs.create({ given: "one" }, (name) => ({
      name,
      ...{
        words: ["x"],
        shown: ["x"],
        cwd: "/",
        env: {},
        created: "",
        logBytes: 0,
        records: false,
      },
      restart: { kind: "no" },
      runtime: runs.places.runtime,
    }));
    using _lock = await FileLock.acquire(files.lock, 0);
    // time: it ends at SIGHUP, as the process of a run does soon after its supervisor got it
    const first = new Deno.Command("sleep", { args: ["600"] }).spawn();
    const supervisor = identified(first.pid);
    const write = (pid: number) =>
      files.writeLive(definition, {
        ...{ phase: "running", boot: bootId(), restarts: 0, started: "" },
        supervisor,
        process: identified(pid),
      });
    try {
      write(first.pid);
      let isOver = false;
      const restarted = restartRunning(runs, "one", 60_000).finally(() => isOver = true);
      await first.status;
      const { looks } = runs;
      await until("it has looked again", () => isOver || runs.looks > looks + 2);
      assert.equal(isOver, false);
      write(Deno.pid);
      assert.equal(await restarted, true);
    } finally {
      try {
        first.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await first.status;
    }
  });
});
