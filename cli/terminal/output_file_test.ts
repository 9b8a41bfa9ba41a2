import assert from "node:assert/strict";
import { join } from "node:path";
import { writeOutput } from "./output_file.ts";
import { withFolder } from "../../tests/support/folder.ts";

const TEXT = "what is written";

async function* bytes(fail?: Error): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(new TextEncoder().encode(TEXT.slice(0, 4)));
  if (fail !== undefined) throw fail;
  yield new TextEncoder().encode(TEXT.slice(4));
}

async function names(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
}

Deno.test("writeOutput() creates a file, or replaces one and keeps its mode", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "file");
    await writeOutput(path, bytes());
    assert.equal(await Deno.readTextFile(path), TEXT);
    await Deno.writeTextFile(path, "longer than what will be written");
    await Deno.chmod(path, 0o640);
    await writeOutput(path, bytes());
    assert.equal(await Deno.readTextFile(path), TEXT);
    assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o640);
    assert.deepEqual(await names(folder), ["file"]);
  });
});

Deno.test("writeOutput() keeps the previous file when the stream fails", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "file");
    await assert.rejects(writeOutput(path, bytes(new Error("cut"))), /cut/);
    assert.deepEqual(await names(folder), []);
    await Deno.writeTextFile(path, "before");
    await assert.rejects(writeOutput(path, bytes(new Error("cut"))), /cut/);
    assert.equal(await Deno.readTextFile(path), "before");
    assert.deepEqual(await names(folder), ["file"]);
  });
});

Deno.test("writeOutput() writes to the target of a link and keeps the link", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "file"), "before");
    await Deno.symlink("file", join(folder, "link"));
    await writeOutput(join(folder, "link"), bytes());
    assert.equal(await Deno.readTextFile(join(folder, "file")), TEXT);
    assert.ok((await Deno.lstat(join(folder, "link"))).isSymlink);
  });
});

Deno.test("writeOutput() writes to a device in place", async () => {
  await writeOutput("/dev/null", bytes());
  assert.ok((await Deno.lstat("/dev/null")).isCharDevice);
});

Deno.test("writeOutput() reports why it cannot write", async () => {
  await withFolder(async (folder) => {
    await assert.rejects(writeOutput(folder, bytes()), { code: "EISDIR" });
    await assert.rejects(writeOutput(join(folder, "no", "file"), bytes()), { code: "ENOENT" });
    await assert.rejects(writeOutput("/dev/full", bytes()), { code: "ENOSPC" });
  });
});
