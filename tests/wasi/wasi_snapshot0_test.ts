/** The snapshot of WASI before preview 1: numbers and layouts of its own. */
import assert from "node:assert/strict";
import { compileGuest, runGuest } from "../../runtime/mod.ts";
import { FileType } from "../../runtime/wasi/filestat.ts";
import { TestFolder } from "../support/folder.ts";
import { DIR, Place, WasiHost } from "../support/wasi_host.ts";
import { assemble } from "../support/wat.ts";

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
