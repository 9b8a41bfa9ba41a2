import assert from "node:assert/strict";
import { withFolder } from "../tests/support/folder.ts";
import { FileLock } from "./lock.ts";

Deno.test("FileLock waits no longer when the clock is set back", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/lock`;
    using _held = await FileLock.acquire(path, 0);
    const { now } = Date;
    let ms = now();
    Date.now = () => ms -= 1000;
    let timer = 0;
    try {
      const late = new Promise((_, reject) => {
        // time: a bound for a wait that would not end
        timer = setTimeout(() => reject(new Error("it still waits")), 30_000);
      });
      await assert.rejects(Promise.race([FileLock.acquire(path, 50), late]), { code: "BUSY" });
    } finally {
      clearTimeout(timer);
      Date.now = now;
    }
  });
});
