/** Files and folders by WASI's functions, where a guest's library would not come to. */
import assert from "node:assert/strict";
import { compileGuest, GrantError, type Input, runGuest, spawn } from "../../runtime/mod.ts";
import { openGrants } from "../../runtime/wasi/everything.ts";
import { FileType } from "../../runtime/wasi/filestat.ts";
import { FdTable } from "../../runtime/wasi/mod.ts";
import { Right } from "../../runtime/wasi/rights.ts";
import { until } from "../support/condition.ts";
import { TestFolder } from "../support/folder.ts";
import { DIR, OFlag, Place, WasiHost } from "../support/wasi_host.ts";
import { assemble } from "../support/wat.ts";

function granted(folder: TestFolder, readOnly = false): WasiHost {
  return new WasiHost({ preopens: [{ host: folder.path, guest: "/", readOnly }] });
}

/** Descriptors of this process. */
function descriptors(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

/** One call of `fd_readdir`: whole entries, the cookie after the last, and whether there are more. */
function readBatch(wasi: WasiHost, fd: number, { cookie = 0n, size = 4096 } = {}) {
  wasi.ok("fd_readdir", fd, Place.Buffer, size, cookie, Place.Out);
  const used = wasi.memory.getU32(Place.Out);
  const entries: { name: string; type: number; ino: bigint }[] = [];
  let next = cookie;
  for (let at = 0; at + 24 <= used;) {
    const nameSize = wasi.memory.getU32(Place.Buffer + at + 16);
    if (at + 24 + nameSize > used) break;
    entries.push({
      name: wasi.string(Place.Buffer + at + 24, nameSize),
      type: wasi.memory.getU8(Place.Buffer + at + 20),
      ino: wasi.memory.getU64(Place.Buffer + at + 8),
    });
    next = wasi.memory.getU64(Place.Buffer + at);
    at += 24 + nameSize;
  }
  return { entries, next, hasMore: used === size };
}

/** Every name of a folder, by buffers of that size; `between` runs after each call. */
function listAll(
  wasi: WasiHost,
  fd: number,
  { size = 4096, between = (_names: string[]) => {} } = {},
): string[] {
  const names: string[] = [];
  let cookie = 0n;
  for (;;) {
    const { entries, next, hasMore } = readBatch(wasi, fd, { cookie, size });
    names.push(...entries.map(({ name }) => name));
    if (!hasMore) return names;
    assert.ok(entries.length > 0, "the buffer is too small for one entry");
    cookie = next;
    between(names);
  }
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `file-${i}`);

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

/** Calls that would change something below `name` or create something. */
function changes(wasi: WasiHost): [name: string, call: () => number][] {
  const file = () => wasi.text("file");
  const other = () => wasi.text("other", Place.Other);
  const now = 2 | 8;
  return [
    ["create", () => wasi.call("path_open", ...wasi.opening("new", { oflags: OFlag.Creat }))],
    ["truncate", () => wasi.call("path_open", ...wasi.opening("file", { oflags: OFlag.Trunc }))],
    ...[Right.FdWrite, Right.FdAllocate, Right.FdFilestatSetSize].map((right) =>
      [
        `open for writing, ${right}`,
        () => wasi.call("path_open", ...wasi.opening("file", { rights: right | Right.FdRead })),
      ] as [string, () => number]
    ),
    ["mkdir", () => wasi.call("path_create_directory", DIR, ...wasi.text("new"))],
    ["rmdir", () => wasi.call("path_remove_directory", DIR, ...wasi.text("folder"))],
    ["unlink", () => wasi.call("path_unlink_file", DIR, ...file())],
    ["rename", () => wasi.call("path_rename", DIR, ...file(), DIR, ...other())],
    ["rename out", () => wasi.call("path_rename", DIR, ...file(), DIR + 1, ...other())],
    ["rename in", () => wasi.call("path_rename", DIR + 1, ...wasi.text("mine"), DIR, ...other())],
    ["link", () => wasi.call("path_link", DIR, 0, ...file(), DIR, ...other())],
    ["link out", () => wasi.call("path_link", DIR, 0, ...file(), DIR + 1, ...other())],
    ["link in", () => wasi.call("path_link", DIR + 1, 0, ...wasi.text("mine"), DIR, ...other())],
    ["symlink", () => wasi.call("path_symlink", ...file(), DIR, ...other())],
    ["touch", () => wasi.call("path_filestat_set_times", DIR, 1, ...file(), 0n, 0n, now)],
    ["touch it", () => wasi.call("fd_filestat_set_times", DIR, 0n, 0n, now)],
  ];
}

Deno.test("a folder granted for reading cannot be changed in any way", () => {
  using folder = new TestFolder();
  using other = new TestFolder();
  Deno.writeTextFileSync(folder.at("file"), "text");
  Deno.mkdirSync(folder.at("folder"));
  Deno.writeTextFileSync(other.at("mine"), "mine");
  const state = () =>
    new Deno.Command("sh", {
      args: [
        "-c",
        `find "$0" "$1" -printf '%p %s %T@ %n %i %C@\\n' | sort`,
        folder.path,
        other.path,
      ],
    }).outputSync().stdout;
  const before = state();
  using wasi = new WasiHost({
    preopens: [{ host: folder.path, guest: "/ro", readOnly: true }, {
      host: other.path,
      guest: "/rw",
    }],
  });
  const notCapable = 76;
  for (const [name, call] of changes(wasi)) assert.equal(call(), notCapable, name);
  // By a folder below, and by a file opened for reading.
  const below = wasi.openFolder("folder");
  wasi.fails("ENOTCAPABLE", "path_create_directory", below, ...wasi.text("new"));
  const creating = { dir: below, oflags: OFlag.Creat };
  wasi.fails("ENOTCAPABLE", "path_open", ...wasi.opening("new", creating));
  const file = wasi.open("file");
  assert.equal(wasi.read(file), "text");
  for (const call of ["fd_filestat_set_size", "fd_filestat_set_times", "fd_allocate"]) {
    wasi.fails("ENOTCAPABLE", call, file, 0n, 0n, 2);
  }
  wasi.fails("ENOTCAPABLE", "fd_write", file, ...wasi.iovec(Place.Buffer, 1), Place.Out);
  wasi.fails("ENOTCAPABLE", "fd_pwrite", file, ...wasi.iovec(Place.Buffer, 1), 0n, Place.Out);
  assert.deepEqual(state(), before);
});

Deno.test("a guest that asks for every right reads in a folder granted for reading", () => {
  using folder = new TestFolder();
  Deno.writeTextFileSync(folder.at("file"), "text");
  using wasi = granted(folder, true);
  // As Rust's library does: every right that may be of use, except writing.
  const rights = ((1 << 28) - 1) & ~(Right.FdWrite | Right.FdAllocate | Right.FdFilestatSetSize);
  const file = wasi.open("file", { rights, inheriting: (1 << 28) - 1 });
  assert.equal(wasi.read(file), "text");
  assert.equal((wasi.fds.get(file)?.rights ?? 0) & Right.FdFilestatSetTimes, 0);
});

Deno.test("rights that a guest gave up do not come back by opening something", () => {
  using folder = new TestFolder();
  Deno.writeTextFileSync(folder.at("file"), "text");
  using wasi = granted(folder);
  const { rights = 0, inheriting = 0 } = wasi.fds.get(DIR) ?? {};
  const less = inheriting & ~Right.FdWrite;
  wasi.ok("fd_fdstat_set_rights", DIR, BigInt(rights), BigInt(less));
  wasi.fails("ENOTCAPABLE", "path_open", ...wasi.opening("file", { rights: Right.FdWrite }));
  wasi.fails("ENOTCAPABLE", "path_open", ...wasi.opening("file", { inheriting }));
  wasi.fails("ENOTCAPABLE", "fd_fdstat_set_rights", DIR, BigInt(rights), BigInt(inheriting));
  wasi.fails("ENOTCAPABLE", "fd_fdstat_set_rights", DIR, BigInt(rights) | 1n << 40n, 0n);
  assert.equal(wasi.read(wasi.open("file")), "text");
});

Deno.test("descriptors are closed on every way out", () => {
  using folder = new TestFolder();
  Deno.writeTextFileSync(folder.at("file"), "text");
  const before = descriptors();
  {
    using wasi = granted(folder);
    const [one, two] = [wasi.open("file"), wasi.open("file")];
    const below = wasi.openFolder(".");
    listAll(wasi, below);
    wasi.ok("fd_renumber", one, two);
    wasi.ok("fd_close", two);
    wasi.open("file");
    wasi.fails("ENOENT", "path_open", ...wasi.opening("missing"));
    const preopens = ["file", "missing"].map((name) => ({ host: folder.at(name), guest: name }));
    for (const preopen of preopens) {
      const both = [{ host: folder.path, guest: "/" }, preopen];
      using fds = new FdTable();
      assert.throws(() => openGrants(fds, { preopens: both }), GrantError);
    }
  }
  assert.equal(descriptors(), before);
});

Deno.test("a guest has EMFILE when it opens too much, and goes on", () => {
  using folder = new TestFolder();
  Deno.writeTextFileSync(folder.at("file"), "text");
  using wasi = granted(folder);
  let last = 0;
  let errno = 0;
  while (errno === 0 && last < 5000) {
    errno = wasi.call("path_open", ...wasi.opening("file", { rights: Right.FdRead }));
    if (errno === 0) last = wasi.memory.getU32(Place.Out);
  }
  assert.equal(errno, 33);
  assert.ok(last >= 900, String(last));
  wasi.ok("fd_close", 100);
  assert.equal(wasi.open("file"), 100);
});

/** `filestat` of a file by its layout: the members that Deno has, too. */
function filestat(wasi: WasiHost, isUnstable: boolean) {
  const at = Place.Buffer;
  const { memory } = wasi;
  const rest = at + (isUnstable ? 24 : 32);
  return {
    dev: memory.getU64(at),
    ino: memory.getU64(at + 8),
    type: memory.getU8(at + 16),
    links: isUnstable ? BigInt(memory.getU32(at + 20)) : memory.getU64(at + 24),
    size: memory.getU64(rest),
    mtimeMs: Number(memory.getU64(rest + 16) / 1_000_000n),
  };
}

for (const isUnstable of [false, true]) {
  const bytes = isUnstable ? 56 : 64;
  Deno.test(`filestat has ${bytes} bytes in ${isUnstable ? "snapshot 0" : "preview 1"}`, () => {
    using folder = new TestFolder();
    Deno.writeTextFileSync(folder.at("file"), "text");
    Deno.linkSync(folder.at("file"), folder.at("second"));
    using wasi = new WasiHost({ preopens: [{ host: folder.path, guest: "/" }], isUnstable });
    const { dev, ino, mtime } = Deno.statSync(folder.at("file"));
    const expected = {
      dev: BigInt(dev),
      ino: BigInt(ino ?? 0),
      type: FileType.RegularFile,
      links: 2n,
      size: 4n,
      mtimeMs: Number(mtime),
    };
    const file = wasi.open("file");
    for (
      const call of [
        () => wasi.ok("path_filestat_get", DIR, 0, ...wasi.text("file"), Place.Buffer),
        () => wasi.ok("fd_filestat_get", file, Place.Buffer),
      ]
    ) {
      wasi.memory.bytes(Place.Buffer, 80).fill(0x3f);
      call();
      assert.deepEqual(filestat(wasi, isUnstable), expected);
      assert.deepEqual([...wasi.memory.bytes(Place.Buffer + bytes, 4)], [63, 63, 63, 63]);
    }
  });
}

Deno.test("whence has numbers of its own in snapshot 0", () => {
  using folder = new TestFolder();
  Deno.writeTextFileSync(folder.at("file"), "0123456789");
  for (const [isUnstable, set, cur, end] of [[false, 0, 1, 2], [true, 2, 0, 1]] as const) {
    using wasi = new WasiHost({ preopens: [{ host: folder.path, guest: "/" }], isUnstable });
    const file = wasi.open("file");
    const seek = (offset: bigint, whence: number) => {
      wasi.ok("fd_seek", file, offset, whence, Place.Out);
      return wasi.memory.getU64(Place.Out);
    };
    assert.deepEqual([seek(4n, set), seek(3n, cur), seek(-1n, end)], [4n, 7n, 9n]);
    wasi.fails("EINVAL", "fd_seek", file, 0n, 3, Place.Out);
    wasi.fails("EINVAL", "fd_seek", file, -1n, set, Place.Out);
  }
});

Deno.test("snapshot 0 has everything but sock_accept", () => {
  using wasi = new WasiHost({ isUnstable: true });
  assert.throws(() => wasi.call("sock_accept", 0, 0, 0), /sock_accept/);
  wasi.fails("ENOTSOCK", "sock_shutdown", 0, 1);
});

Deno.test("path_open of a FIFO does not wait; reading it waits for the interrupt", () => {
  using folder = new TestFolder();
  assert.ok(new Deno.Command("mkfifo", { args: [folder.at("fifo")] }).outputSync().success);
  using wasi = granted(folder);
  // No reader: a writer would wait for one.
  wasi.fails("ENXIO", "path_open", ...wasi.opening("fifo", { rights: Right.FdWrite }));
  const fifo = wasi.open("fifo", { rights: Right.FdRead });
  wasi.interrupt.raise();
  assert.equal(wasi.read(fifo), "");
});

Deno.test("a FIFO that the guest does not want to wait for is EAGAIN", () => {
  using folder = new TestFolder();
  assert.ok(new Deno.Command("mkfifo", { args: [folder.at("fifo")] }).outputSync().success);
  using wasi = granted(folder);
  const fifo = wasi.open("fifo", { rights: Right.FdRead | Right.FdWrite, fdFlags: 4 });
  wasi.fails("EAGAIN", "fd_read", fifo, ...wasi.iovec(Place.Buffer, 10), Place.Out);
  assert.equal(wasi.write(fifo, "text"), 4);
  assert.equal(wasi.read(fifo), "text");
  let errno = 0;
  for (let i = 0; errno === 0 && i < 10_000; i++) {
    errno = wasi.call("fd_write", fifo, ...wasi.iovec(Place.Buffer, 4096), Place.Out);
  }
  assert.equal(errno, 6, "a full pipe is EAGAIN");
});

Deno.test("reads and writes take lists of a thousand parts and more, as far as the kernel does", () => {
  using folder = new TestFolder();
  using wasi = granted(folder);
  const file = wasi.open("file", { oflags: OFlag.Creat });
  const count = 3000;
  wasi.text("abcdefghij".repeat(count / 10), Place.Buffer);
  const list = Place.Buffer + 0x4000;
  for (let i = 0; i < count; i++) {
    wasi.memory.setU32(list + i * 8, Place.Buffer + i);
    wasi.memory.setU32(list + i * 8 + 4, 1);
  }
  wasi.ok("fd_write", file, list, count, Place.Out);
  const written = wasi.memory.getU32(Place.Out);
  assert.ok(written >= 1000 && written <= count, String(written));
  assert.equal(
    Deno.readTextFileSync(folder.at("file")),
    "abcdefghij".repeat(300).slice(0, written),
  );
  wasi.fails("EFAULT", "fd_read", file, list, 0xffff_ffff, Place.Out);
  wasi.fails("EFAULT", "fd_pread", file, ...wasi.iovec(0, 0xffff_ffff), 0n, Place.Out);
  wasi.fails("EINVAL", "fd_pread", file, ...wasi.iovec(Place.Buffer, 9), -1n, Place.Out);
});

Deno.test("invalid paths: empty, with a NUL, not UTF-8, too long, outside of memory", () => {
  using folder = new TestFolder();
  using wasi = granted(folder);
  const create = (...range: [number, number]) => wasi.call("path_create_directory", DIR, ...range);
  const bytes = (...list: number[]) => wasi.text(new Uint8Array(list));
  assert.equal(create(0, 0), 44, "empty: ENOENT");
  assert.equal(create(...wasi.text("a\0b")), 28, "NUL: EINVAL");
  for (
    const list of [[0xff], [0xc0, 0xaf], [0xe0, 0x80, 0xaf], [0xed, 0xa0, 0x80], [0x61, 0xc3], [
      0xf4,
      0x90,
      0x80,
      0x80,
    ], [0x80]]
  ) {
    assert.equal(create(...bytes(...list)), 25, `${list}: EILSEQ`);
  }
  assert.equal(create(...wasi.text("x".repeat(4096))), 37, "PATH_MAX: ENAMETOOLONG");
  assert.equal(create(...wasi.text("x".repeat(256))), 37, "NAME_MAX: ENAMETOOLONG");
  assert.equal(create(0, -1), 21, "EFAULT");
  assert.equal(create(-1, 2), 21, "EFAULT");
  assert.equal(create(...wasi.text("é漢🐝")), 0);
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["é漢🐝"]);
});

/** A guest that opens the file "file" of its folder, lists the folder, and then does `end`. */
function opener(end: string) {
  const text = `(module
    (import "wasi_snapshot_preview1" "path_open" (func $open
      (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_readdir" (func $readdir
      (param i32 i32 i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1) (data (i32.const 0) "file")
    (data (i32.const 16) "\\00\\00\\00\\00\\01\\00\\00\\00")
    (func (export "_start")
      (if (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 0)
        (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 64)) (then unreachable))
      (if (call $readdir (i32.const 3) (i32.const 1024) (i32.const 1024) (i64.const 0)
        (i32.const 64)) (then unreachable))
      (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 64)))
      ${end}))`;
  return compileGuest(assemble(text), "opener.wasm");
}

/** Returns the descriptors of this process that are open in a folder. */
function openIn(folder: TestFolder): string[] {
  return [...Deno.readDirSync("/proc/self/fd")].flatMap(({ name }) => {
    try {
      const path = Deno.readLinkSync(`/proc/self/fd/${name}`);
      return path.startsWith(folder.path) ? [path] : [];
    } catch {
      return [];
    }
  });
}

for (
  const [how, end] of [
    ["returns", ""],
    ["exits", "(call $exit (i32.const 7))"],
    ["traps", "unreachable"],
    ["is stopped", "(loop $again (br $again))"],
  ] as const
) {
  Deno.test(`a run whose guest ${how} leaves nothing open`, () => {
    using folder = new TestFolder();
    Deno.writeTextFileSync(folder.at("file"), "text");
    let seen: string[] = [];
    const run = () =>
      runGuest(opener(end), {
        preopens: [{ host: folder.path, guest: "/" }],
        stdio: { stdin: { file: folder.at("file") }, stdout: () => void (seen = openIn(folder)) },
        limits: { timeMs: 300 },
      });
    if (end.includes("exit") || end === "") run();
    else assert.throws(run, { code: how === "traps" ? "GUEST_TRAP" : "LIMIT_TIME" });
    assert.equal(seen.length, 3, "the folder, the file, standard input");
    assert.deepEqual(openIn(folder), []);
  });
}

Deno.test("a worker that is terminated leaves nothing open", async () => {
  using folder = new TestFolder();
  await Deno.writeTextFile(folder.at("file"), "text");
  const opened = Promise.withResolvers<void>();
  const handle = spawn(opener("(loop $again (br $again))"), {
    preopens: [{ host: folder.path, guest: "/" }],
    stdio: { stdin: new Uint8Array(), stdout: () => opened.resolve() },
  });
  await opened.promise;
  assert.ok(openIn(folder).length > 0);
  assert.deepEqual(await handle.terminate(), { kind: "terminated" });
  await until("everything is closed", () => openIn(folder).length === 0);
});

Deno.test("standard input of an embedder's: bytes, a function, and one that throws", () => {
  const text = `(module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start") (loop $again
      (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 4))
      (if (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)) (then unreachable))
      (i32.store (i32.const 4) (i32.load (i32.const 8)))
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))
      (br_if $again (i32.load (i32.const 8))))))`;
  const guest = compileGuest(assemble(text), "echo.wasm");
  const echo = (stdin: Input): string => {
    let printed = "";
    const stdout = (bytes: Uint8Array) => void (printed += new TextDecoder().decode(bytes));
    assert.equal(runGuest(guest, { stdio: { stdin, stdout } }), 0);
    return printed;
  };
  const bytes = new TextEncoder().encode("hello world");
  assert.equal(echo(bytes), "hello world");
  assert.equal(echo("null"), "");
  const parts = ["ab", "cdef", "too long for it", ""];
  const asked: number[] = [];
  const source = (maxBytes: number) => {
    asked.push(maxBytes);
    return new TextEncoder().encode(parts.shift() ?? "");
  };
  assert.equal(echo(source), "abcdeftoo ");
  assert.deepEqual(asked, [4, 4, 4, 4]);
  const failing = () => {
    throw new Error("no input");
  };
  assert.throws(() => echo(failing), { code: "HOST_FUNCTION" });
});

Deno.test("a module of snapshot 0 runs, next to preview 1 on the same descriptors", () => {
  const text = `(module
    (import "wasi_unstable" "fd_write" (func $old (param i32 i32 i32 i32) (result i32)))
    (import "wasi_unstable" "fd_seek" (func $seek (param i32 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
    (import "wasi_unstable" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1) (data (i32.const 0) "\\10\\00\\00\\00\\04\\00\\00\\00")
    (data (i32.const 16) "old\\n")
    (func (export "_start")
      (if (call $old (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)) (then unreachable))
      (if (call $close (i32.const 1)) (then unreachable))
      (call $exit (call $old (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)))))`;
  let printed = "";
  const stdout = (bytes: Uint8Array) => void (printed += new TextDecoder().decode(bytes));
  assert.equal(runGuest(compileGuest(assemble(text), "old.wasm"), { stdio: { stdout } }), 8);
  assert.equal(printed, "old\n");
});

Deno.test("snapshot 0 has the types that it has", () => {
  const imports = (...list: string[]) => {
    const lines = list.map((one) => `(import "wasi_unstable" ${one})`).join("\n");
    const text = `(module ${lines} (memory (export "memory") 1) (func (export "_start")))`;
    return () => runGuest(compileGuest(assemble(text), "old.wasm"));
  };
  const wrong = [
    `"sock_accept" (func (param i32 i32 i32) (result i32))`,
    `"fd_write" (func (param i32 i32 i32 i64) (result i32))`,
    `"no_such_function" (func)`,
  ];
  for (const one of wrong) assert.throws(imports(one), { code: "MODULE_IMPORT" }, one);
  assert.equal(imports(`"sock_recv" (func (param i32 i32 i32 i32 i32 i32) (result i32))`)(), 0);
});

Deno.test("grants that cannot be made are reported before anything is opened", () => {
  using folder = new TestFolder();
  const guest = opener("");
  const { path: host } = folder;
  const bad: [code: string, options: Parameters<typeof runGuest>[1]][] = [
    ["ENVIRONMENT", { env: { "": "x" } }],
    ["ENVIRONMENT", { env: { "A=B": "x" } }],
    ["ENVIRONMENT", { env: { "A\0": "x" } }],
    ["ENVIRONMENT", { env: { A: "x\0y" } }],
    ["PREOPEN", { preopens: [{ host, guest: "" }] }],
    ["PREOPEN", { preopens: [{ host: "", guest: "/" }] }],
    ["PREOPEN", { preopens: [{ host: `${host}\0`, guest: "/" }] }],
    ["PREOPEN", { preopens: [{ host, guest: "/a" }, { host: "/", guest: "/a//" }] }],
    ["LISTEN", { listen: ["localhost"] }],
    ["LISTEN", { listen: ["localhost:65536"] }],
    ["ENOENT", { stdio: { stdin: { file: folder.at("missing") } } }],
    ["EISDIR", { stdio: { stderr: { file: host } } }],
  ];
  for (const [code, options] of bad) {
    assert.throws(() => runGuest(guest, { limits: { timeMs: 1000 }, ...options }), { code });
  }
});

Deno.test("times that WASI has no number for read as the first and the last that it has", () => {
  // File systems have limits of their own; this one takes any.
  const path = Deno.makeTempDirSync({ dir: "/dev/shm" });
  try {
    using wasi = new WasiHost({ preopens: [{ host: path, guest: "/" }] });
    const mtime = (date: string) => {
      const args = ["-d", date, `${path}/file`];
      assert.ok(new Deno.Command("touch", { args }).outputSync().success);
      wasi.ok("path_filestat_get", DIR, 0, ...wasi.text("file"), Place.Buffer);
      return wasi.memory.getU64(Place.Buffer + 48);
    };
    assert.equal(mtime("1960-01-01"), 0n);
    assert.equal(mtime("@1.5"), 1_500_000_000n);
    assert.equal(mtime("3000-01-01"), (1n << 64n) - 1n);
  } finally {
    Deno.removeSync(path, { recursive: true });
  }
});
