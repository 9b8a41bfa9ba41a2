import assert from "node:assert/strict";
import { join } from "node:path";
import { checkLauncher, placeState, removeLauncher, writeLauncher } from "./launcher.ts";
import { withFolder } from "../../tests/support/folder.ts";

Deno.test("writeLauncher() writes a script that placeState() recognizes, for its tool alone", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "bin/tool-x");
    assert.equal(placeState(path, "tool-x"), "free");
    writeLauncher(path, "tool-x");
    writeLauncher(path, "tool-x");
    assert.equal(placeState(path, "tool-x"), "ours");
    assert.equal(placeState(path, "tool-y"), "taken");
    const { mode } = await Deno.stat(path);
    assert.equal((mode ?? 0) & 0o777, 0o755);
    assert.deepEqual((await Array.fromAsync(Deno.readDir(join(folder, "bin")))).length, 1);
    assert.equal(removeLauncher(path, "tool-y"), false);
    assert.equal(removeLauncher(path, "tool-x"), true);
    assert.equal(placeState(path, "tool-x"), "free");
  });
});

Deno.test("placeState() takes a changed launcher, a link to one and a directory for taken", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "tool-x");
    writeLauncher(path, "tool-x");
    const text = await Deno.readTextFile(path);
    await Deno.symlink(path, join(folder, "link"));
    assert.equal(placeState(join(folder, "link"), "tool-x"), "taken");
    assert.equal(placeState(folder, "tool-x"), "taken");
    for (
      const changed of [`${text}echo more\n`, text.replace("#!/bin/sh", "#!/bin/bash"), "", "\0"]
    ) {
      await Deno.writeTextFile(path, changed);
      assert.equal(placeState(path, "tool-x"), "taken");
      assert.throws(() => checkLauncher(path, "tool-x"), { code: "LAUNCHER_TAKEN" });
      assert.throws(() => writeLauncher(path, "tool-x"), { code: "LAUNCHER_TAKEN" });
      assert.equal(await Deno.readTextFile(path), changed);
    }
  });
});

Deno.test("checkLauncher() refuses the name of another program", async () => {
  await withFolder((folder) => {
    for (const name of ["env", "sh"]) {
      assert.throws(() => checkLauncher(join(folder, name), name), { code: "NAME_TAKEN" });
    }
    return Promise.resolve();
  });
});
