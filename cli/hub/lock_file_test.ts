import assert from "node:assert/strict";
import { withFolder } from "../../tests/support/folder.ts";
import { readLockFile } from "./lock_file.ts";

Deno.test("readLockFile() refuses origins that are not names", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/lock.json`;
    const read = async (origin: Record<string, string>) => {
      const reference = `localhost:1/a/b@sha256:${"0".repeat(64)}`;
      const origins = { hub: "acme", tool: "x", catalog: "", key: "", ...origin };
      const tool = { name: "x", version: "1.0", reference, kind: "object", origin: origins };
      await Deno.writeTextFile(path, JSON.stringify({ version: 1, tools: [tool] }));
      return readLockFile(path);
    };
    assert.equal((await read({}))[0]?.origin.hub, "acme");
    for (const name of ["\x1b[31m", "../x", "box ", "A", ""]) {
      for (const member of ["hub", "tool"]) {
        await assert.rejects(read({ [member]: name }), { code: "BAD_LOCK_FILE" });
      }
    }
  });
});
