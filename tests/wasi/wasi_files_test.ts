/** Files and folders by WASI's functions, where a guest's library would not come to. */
import assert from "node:assert/strict";
import { runGuest } from "../../runtime/mod.ts";
import { Right } from "../../runtime/wasi/rights.ts";
import { TestFolder } from "../support/folder.ts";
import { DIR, OFlag, Place, WasiHost } from "../support/wasi_host.ts";
import { granted, opener } from "../support/wasi_folder.ts";

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
