/** Folders for tests of WASI, granted to a host. */
import assert from "node:assert/strict";
import { compileGuest, type GuestModule } from "../../runtime/mod.ts";
import { TestFolder } from "./folder.ts";
import { Place, WasiHost } from "./wasi_host.ts";
import { assemble } from "./wat.ts";

/** Entry of a directory. */
interface Entry {
  readonly name: string;
  readonly type: number;
  readonly ino: bigint;
}

/** Creates a host to which a folder is granted as "/". */
export function granted(folder: TestFolder, readOnly = false): WasiHost {
  return new WasiHost({ preopens: [{ host: folder.path, guest: "/", readOnly }] });
}

/** One call of `fd_readdir`: whole entries, the cookie after the last, and whether there are more. */
export function readBatch(
  wasi: WasiHost,
  fd: number,
  { cookie = 0n, size = 4096 } = {},
): { entries: Entry[]; next: bigint; hasMore: boolean } {
  wasi.ok("fd_readdir", fd, Place.Buffer, size, cookie, Place.Out);
  const used = wasi.memory.getU32(Place.Out);
  const entries: Entry[] = [];
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
export function listAll(
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

/** Returns names of files. */
export const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `file-${i}`);

/** A guest that opens the file "file" of its folder, lists the folder, and then does `end`. */
export function opener(end: string): GuestModule {
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
export function openIn(folder: TestFolder): string[] {
  return [...Deno.readDirSync("/proc/self/fd")].flatMap(({ name }) => {
    try {
      const path = Deno.readLinkSync(`/proc/self/fd/${name}`);
      return path.startsWith(folder.path) ? [path] : [];
    } catch {
      return [];
    }
  });
}
