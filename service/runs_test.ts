import assert from "node:assert/strict";
import { withFolder } from "../tests/support/folder.ts";
import { Runs } from "./runs.ts";

const definition = (name: string, runtime: string) => ({
  name,
  ...{ words: ["x"], shown: ["x"], cwd: "/", env: {}, created: "", logBytes: 0, records: false },
  restart: { kind: "no" } as const,
  runtime,
});

Deno.test("list() passes over a run whose files cannot be read", async () => {
  await withFolder(async (folder) => {
    const runs = new Runs({ state: `${folder}/state`, runtime: `${folder}/run` });
    for (const name of ["bad", "good"]) {
      await runs.create({ given: name }, (name) => definition(name, runs.places.runtime));
    }
    const { files: { lock } } = runs.find("bad");
    await Deno.symlink(lock, lock);
    const damaged: string[] = [];
    const listed = runs.list(({ message }) => damaged.push(message));
    assert.deepEqual(listed.map(({ definition: { name } }) => name), ["good"]);
    assert.equal(damaged.length, 1);
  });
});

Deno.test("create() makes nothing without a place for the state", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const runs = new Runs({ state: `${folder}/state`, runtime: `${folder}/file/run` });
    const created = runs.create({ given: "one" }, (name) => definition(name, runs.places.runtime));
    await assert.rejects(created, { name: "RunsError" });
    assert.deepEqual(runs.names(), []);
  });
});
