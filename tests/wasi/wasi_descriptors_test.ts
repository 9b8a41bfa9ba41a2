/** Descriptors of guests: closed on every way out, limited, and those of workers. */
import assert from "node:assert/strict";
import { compileGuest, GrantError, type Input, runGuest, spawn } from "../../runtime/mod.ts";
import { openGrants } from "../../runtime/wasi/everything.ts";
import { FdTable } from "../../runtime/wasi/mod.ts";
import { Right } from "../../runtime/wasi/rights.ts";
import { until } from "../support/condition.ts";
import { TestFolder } from "../support/folder.ts";
import { ownDescriptors } from "../support/own_descriptors.ts";
import { Place } from "../support/wasi_host.ts";
import { assemble } from "../support/wat.ts";
import { granted, listAll, opener, openIn } from "../support/wasi_folder.ts";

Deno.test("descriptors are closed on every way out", () => {
  using folder = new TestFolder();
  Deno.writeTextFileSync(folder.at("file"), "text");
  const before = ownDescriptors();
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
  assert.deepEqual([...ownDescriptors().difference(before)], []);
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
    const run = (timeMs: number) =>
      runGuest(opener(end), {
        preopens: [{ host: folder.path, guest: "/" }],
        stdio: { stdin: { file: folder.at("file") }, stdout: () => void (seen = openIn(folder)) },
        limits: { timeMs },
      });
    // One that is stopped has opened the file before its time is over, except on a machine held up.
    for (const timeMs of how === "is stopped" ? [1000, 4000, 16_000] : [60_000]) {
      if (end.includes("exit") || end === "") run(timeMs);
      else {assert.throws(() => run(timeMs), {
          code: how === "traps" ? "GUEST_TRAP" : "LIMIT_TIME",
        });}
      assert.deepEqual(openIn(folder), []);
      if (seen.length > 0) break;
    }
    assert.equal(seen.length, 3, "the folder, the file, standard input");
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
