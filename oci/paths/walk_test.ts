import assert from "node:assert/strict";
import { join } from "node:path";
import { walk } from "./walk.ts";
import { withFolder } from "../../tests/support/folder.ts";

Deno.test("walk() resolves as the kernel does", async () => {
  await withFolder(async (folder) => {
    const at = (path: string) => `${folder}/${path}`;
    await Deno.mkdir(at("a/b"), { recursive: true });
    await Deno.writeTextFile(at("a/b/file"), "");
    await Deno.symlink("a/b", at("short"));
    await Deno.symlink(at("short/../b/file"), at("a/long"));
    await Deno.symlink("../none/../x", at("a/dangling"));
    for (const path of ["a/b/file", "short/file", "a/long", "a//./b/../b/file", "short/../long"]) {
      const { path: end, info, folder: holder } = walk(at(path));
      assert.equal(end, await Deno.realPath(at(path)), path);
      assert.ok(info?.isFile && holder?.isDirectory);
    }
    assert.equal(walk("/").path, "/");
    const missing = walk(at("a/new"));
    assert.deepEqual([missing.path, missing.info, missing.folder?.isDirectory], [
      at("a/new"),
      undefined,
      true,
    ]);
    assert.equal(walk(at("no/such/file")).folder, undefined);
    assert.equal(walk(at("a/dangling")).folder, undefined);
    assert.throws(() => walk(at("a/b/file/x")), { code: "ENOTDIR" });
    await Deno.symlink("circle", at("circle"));
    assert.throws(() => walk(at("circle")), { code: "ELOOP" });
  });
});

Deno.test("walk() reports each directory and link, and does not follow those of open files", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(join(folder, "a"));
    await Deno.symlink("a", join(folder, "link"));
    const seen: string[] = [];
    walk(join(folder, "link/file"), {
      folder: (path) => void seen.push(path),
      link: (path) => void seen.push(`link ${path}`),
    });
    assert.deepEqual(seen.slice(-3), [folder, `link ${folder}/link`, `${folder}/a`]);
    assert.equal(seen[0], "/");
    const magic = walk("/dev/stdout");
    assert.deepEqual([magic.path, magic.isMagic], [`/proc/${Deno.pid}/fd/1`, true]);
    assert.ok(walk("/proc/self/cwd/x").isMagic);
  });
});
