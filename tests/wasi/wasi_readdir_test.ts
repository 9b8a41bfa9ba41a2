/** `fd_readdir`: each entry once, cookies, types, names. */
import assert from "node:assert/strict";
import { FileType } from "../../runtime/wasi/filestat.ts";
import { TestFolder } from "../support/folder.ts";
import { DIR, Place } from "../support/wasi_host.ts";
import { granted, listAll, numbered, readBatch } from "../support/wasi_folder.ts";

/** Empty files, quickly. */
function touch(folder: TestFolder, names: readonly string[]): void {
  for (let i = 0; i < names.length; i += 1000) {
    const args = names.slice(i, i + 1000);
    const { success } = new Deno.Command("touch", { args, cwd: folder.path }).outputSync();
    assert.ok(success);
  }
}

Deno.test("fd_readdir gives each of 3000 entries once, however small the buffer", () => {
  using folder = new TestFolder();
  const names = numbered(3000);
  touch(folder, names);
  using wasi = granted(folder);
  for (const size of [40, 64, 333, 4096, 32768]) {
    const found = listAll(wasi, DIR, { size });
    assert.deepEqual(found.toSorted(), [".", "..", ...names].toSorted(), `${size} bytes`);
  }
});

Deno.test("fd_readdir gives what stays once, while other names come and go", () => {
  using folder = new TestFolder();
  const kept = numbered(700);
  const gone = kept.map((name) => `gone-${name}`);
  touch(folder, [...kept, ...gone]);
  using wasi = granted(folder);
  let removed = 0;
  const between = (names: string[]) => {
    for (const name of gone.slice(removed, removed + 7)) Deno.removeSync(folder.at(name));
    removed = Math.min(removed + 7, gone.length);
    if (names.length < 500) Deno.writeTextFileSync(folder.at(`new-${names.length}`), "");
  };
  const found = listAll(wasi, DIR, { size: 200, between });
  assert.equal(new Set(found).size, found.length, "an entry came twice");
  assert.deepEqual(found.filter((name) => name.startsWith("file-")).toSorted(), kept.toSorted());
});

Deno.test("fd_readdir goes back to any cookie that it gave, and reads anew from 0", () => {
  using folder = new TestFolder();
  touch(folder, numbered(200));
  using wasi = granted(folder);
  const first = readBatch(wasi, DIR, { size: 700 });
  const second = readBatch(wasi, DIR, { cookie: first.next, size: 700 });
  const all = listAll(wasi, DIR, { size: 700 });
  const again = readBatch(wasi, DIR, { cookie: first.next, size: 700 });
  assert.deepEqual(again, second);
  Deno.writeTextFileSync(folder.at("later"), "");
  assert.ok(!all.includes("later") && listAll(wasi, DIR).includes("later"));
});

Deno.test("fd_readdir hides the parent of a granted folder", () => {
  using folder = new TestFolder();
  using wasi = granted(folder);
  const parent = readBatch(wasi, DIR).entries.find(({ name }) => name === "..");
  assert.deepEqual(parent, { name: "..", type: FileType.Directory, ino: 0n });
});

Deno.test("fd_readdir returns the type and the inode of each entry", () => {
  using folder = new TestFolder();
  Deno.writeTextFileSync(folder.at("file"), "");
  Deno.mkdirSync(folder.at("folder"));
  Deno.symlinkSync("file", folder.at("link"));
  using wasi = granted(folder);
  const entries = new Map(readBatch(wasi, DIR).entries.map((entry) => [entry.name, entry]));
  const types = ["file", "folder", "link", ".", ".."].map((name) => entries.get(name)?.type);
  const { RegularFile, Directory, SymbolicLink } = FileType;
  assert.deepEqual(types, [RegularFile, Directory, SymbolicLink, Directory, Directory]);
  const { ino } = Deno.lstatSync(folder.at("link"));
  assert.equal(entries.get("link")?.ino, BigInt(ino ?? -1));
});

Deno.test("fd_readdir returns names that are not UTF-8 as they are; as paths they are EILSEQ", () => {
  using folder = new TestFolder();
  const name = new Uint8Array([0x61, 0xff, 0x62]);
  const { success } = new Deno.Command("sh", {
    args: ["-c", `: > "$(printf 'a\\377b')"`],
    cwd: folder.path,
  }).outputSync();
  assert.ok(success);
  using wasi = granted(folder);
  wasi.ok("fd_readdir", DIR, Place.Buffer, 4096, 0n, Place.Out);
  const used = wasi.memory.getU32(Place.Out);
  const bytes = wasi.memory.bytes(Place.Buffer, used);
  assert.ok(bytes.some((_, i) => name.every((byte, j) => bytes[i + j] === byte)));
  wasi.fails("EILSEQ", "path_unlink_file", DIR, ...wasi.text(name));
});

Deno.test("fd_readdir fails when the descriptor is not a folder, or the buffer is outside memory", () => {
  using folder = new TestFolder();
  Deno.writeTextFileSync(folder.at("file"), "");
  using wasi = granted(folder);
  const file = wasi.open("file");
  wasi.fails("ENOTDIR", "fd_readdir", file, Place.Buffer, 100, 0n, Place.Out);
  wasi.fails("ENOTDIR", "fd_readdir", 0, Place.Buffer, 100, 0n, Place.Out);
  wasi.fails("EBADF", "fd_readdir", 99, Place.Buffer, 100, 0n, Place.Out);
  wasi.fails("EFAULT", "fd_readdir", DIR, -1, 100, 0n, Place.Out);
  wasi.fails("EFAULT", "fd_readdir", DIR, Place.Buffer, 100, 0n, -1);
  wasi.fails("EINVAL", "fd_readdir", DIR, Place.Buffer, 100, 1n << 63n, Place.Out);
});
