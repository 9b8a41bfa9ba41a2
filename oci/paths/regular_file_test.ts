import assert from "node:assert/strict";
import { join } from "node:path";
import { readRegularFile } from "./regular_file.ts";
import { withFolder } from "../../tests/support/folder.ts";

Deno.test("readRegularFile() reads up to its limit", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "file");
    for (const size of [0, 1, 4095, 4096, 4097, 10_000]) {
      const bytes = new Uint8Array(size).fill(7);
      await Deno.writeFile(path, bytes);
      assert.deepEqual(readRegularFile(path, { maxBytes: 10_000 }).bytes, bytes);
      if (size === 0) continue;
      assert.throws(() => readRegularFile(path, { maxBytes: size - 1 }), { code: "TOO_LARGE" });
    }
  });
});

Deno.test("readRegularFile() refuses devices, pipes, sockets and directories without blocking", async () => {
  await withFolder(async (folder) => {
    const fifo = join(folder, "fifo");
    await new Deno.Command("mkfifo", { args: [fifo] }).output();
    using _listener = Deno.listen({ transport: "unix", path: join(folder, "socket") });
    await Deno.symlink("/dev/zero", join(folder, "link"));
    const refused = ["/dev/zero", "/dev/null", fifo, join(folder, "link")];
    for (const path of refused) {
      assert.throws(() => readRegularFile(path, { maxBytes: 10 }), { code: "EINVAL" }, path);
    }
    assert.throws(() => readRegularFile(folder, { maxBytes: 10 }), { code: "EISDIR" });
    assert.throws(() => readRegularFile(join(folder, "socket"), { maxBytes: 10 }));
    assert.throws(() => readRegularFile(join(folder, "none"), { maxBytes: 10 }), {
      code: "ENOENT",
    });
  });
});

Deno.test("readRegularFile() calls admit() with the file that it opened", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "file");
    await Deno.writeTextFile(path, "x", { mode: 0o640 });
    const seen: number[] = [];
    readRegularFile(path, { maxBytes: 10, admit: ({ mode }) => void seen.push(mode & 0o777) });
    assert.deepEqual(seen, [0o640]);
    const admit = () => {
      throw new Error("no");
    };
    assert.throws(() => readRegularFile(path, { maxBytes: 10, admit }), /^Error: no$/);
  });
});
