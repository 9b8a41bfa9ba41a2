import assert from "node:assert/strict";
import { join } from "node:path";
import { readModuleFile } from "./module_file.ts";

/** Runs `use` with its own directory. */
function withFolder(use: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync();
  try {
    use(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function refuses(path: string, code: string): void {
  assert.throws(() => readModuleFile(path), { code });
}

Deno.test("readModuleFile() reads a file of any size", () => {
  withFolder((folder) => {
    for (const size of [0, 1, 4096, 65535, 65536, 65537, 1_000_000]) {
      const bytes = Uint8Array.from({ length: size }, (_, i) => i % 251);
      const path = join(folder, String(size));
      Deno.writeFileSync(path, bytes);
      assert.deepEqual(readModuleFile(path), bytes);
    }
  });
});

Deno.test("readModuleFile() reads a file without a known size", () => {
  const path = "/proc/self/maps";
  assert.equal(Deno.statSync(path).size, 0);
  assert.ok(readModuleFile(path).length > 1000);
});

Deno.test("readModuleFile() follows a symbolic link", () => {
  withFolder((folder) => {
    Deno.writeTextFileSync(join(folder, "file"), "text");
    Deno.symlinkSync("file", join(folder, "link"));
    assert.equal(readModuleFile(join(folder, "link")).length, 4);
  });
});

Deno.test("readModuleFile() refuses a file that is missing", () => {
  withFolder((folder) => refuses(join(folder, "missing"), "ENOENT"));
});

Deno.test("readModuleFile() refuses an empty path", () => refuses("", "ENOENT"));

Deno.test("readModuleFile() refuses a folder", () => {
  withFolder((folder) => refuses(folder, "EISDIR"));
});

Deno.test("readModuleFile() refuses a path through a file", () => {
  withFolder((folder) => {
    Deno.writeTextFileSync(join(folder, "file"), "");
    refuses(join(folder, "file", "x"), "ENOTDIR");
  });
});

Deno.test("readModuleFile() refuses symbolic links in a circle", () => {
  withFolder((folder) => {
    Deno.symlinkSync("b", join(folder, "a"));
    Deno.symlinkSync("a", join(folder, "b"));
    refuses(join(folder, "a"), "ELOOP");
  });
});

Deno.test("readModuleFile() refuses a name that is too long", () => {
  refuses(`/tmp/${"x".repeat(300)}`, "ENAMETOOLONG");
});

Deno.test("readModuleFile() refuses a huge file without reading it", () => {
  withFolder((folder) => {
    const path = join(folder, "huge");
    Deno.writeTextFileSync(path, "");
    Deno.truncateSync(path, 2 ** 40);
    refuses(path, "TOO_LARGE");
  });
});

Deno.test("readModuleFile() names the path once in errors", () => {
  const path = "/proc/self/cmdline/x\ny";
  assert.throws(
    () => readModuleFile(path),
    (error: Error) => error.message.split(path).length === 2,
  );
});
