import assert from "node:assert/strict";
import { withFolder } from "../tests/support/folder.ts";
import "../tests/support/whole_shim.ts";
import type { Definition } from "./definition.ts";
import { isLocked } from "./lock.ts";
import { RunFiles } from "./run_files.ts";
import { keep } from "./supervisor.ts";

Deno.test("keep() can be called again after it has failed", async () => {
  await withFolder(async (folder) => {
    const files = new RunFiles({ state: folder }, "tool");
    const runtime = `${folder}/runtime`;
    const definition: Definition = {
      name: "tool",
      ...{ words: [], shown: [], cwd: "/", env: {}, created: "", logBytes: 1 << 16 },
      restart: { kind: "no" },
      runtime,
      records: false,
    };
    await Deno.mkdir(files.folder, { recursive: true });
    files.writeDefinition(definition);
    const command = { program: "/bin/true", args: [] };
    await Deno.writeTextFile(runtime, "not a directory");
    await assert.rejects(keep(files, { command }), { code: "UNSAFE_STATE" });
    assert.equal(isLocked(files.lock), false);
    await Deno.remove(runtime);
    const kept = await keep(files, { command });
    assert.equal(isLocked(files.lock), true);
    assert.equal(await kept.done, 0);
    assert.equal(isLocked(files.lock), false);
  });
});
