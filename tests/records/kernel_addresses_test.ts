/** Addresses in records: people see the kernel's functions, programs see numbers. */
import assert from "node:assert/strict";
import { runCli } from "../support/cli.ts";
import { TestFolder } from "../support/folder.ts";
import { fromFileUrl } from "../support/paths.ts";
import { recordGuest } from "../support/record_guest.ts";
import { assembleTo } from "../support/wat.ts";

Deno.test("pointers and ip of an object are names of functions in columns, numbers in JSON", async () => {
  using folder = new TestFolder();
  const json = folder.at("rows.jsonl");
  const { code, stdout, stderr } = await runCli([
    ...["-o", "columns", "-o", `jsonl=${json}`, "--no-time", "--timeout", "120s", "-p", "COMMAND"],
    ...[fromFileUrl("../../dist/tests/objects/addresses.bpf.o"), "--"],
    ...["perl", "-e", "getpgrp(0)"],
  ]);
  assert.equal(code, 0, stderr);
  const row = JSON.parse(await Deno.readTextFile(json)) as Record<string, string>;
  const [titles = "", line = ""] = stdout.split("\n");
  assert.deepEqual(titles.trim().split(/\s+/), ["CODE", "IP", "TASK", "USER"]);
  const [shown = "", ip, task, user] = line.trim().split(/\s+/);
  assert.match(shown, /^[A-Za-z_][\w.]*(\+0x[\da-f]+)?$/);
  assert.equal(ip, shown);
  // Data of the kernel, and memory of processes, have no names.
  assert.deepEqual([task, user], [row["task"], "0x7f0000001000"]);
  assert.match(row["code"] ?? "", /^0xffff[\da-f]{12}$/);
  assert.equal(row["ip"], row["code"]);
});

/** The address of a function of the kernel. */
async function addressOf(name: string): Promise<bigint> {
  const text = await Deno.readTextFile("/proc/kallsyms");
  const [, digits = "0"] = new RegExp(`^([0-9a-f]+) [tT] ${name}$`, "m").exec(text) ?? [];
  return BigInt(`0x${digits}`);
}

Deno.test("pointers of a guest's records are names of functions in columns", async () => {
  using folder = new TestFolder();
  const address = await addressOf("vfs_read") + 0x10n;
  const bytes = Array.from({ length: 8 }, (_, i) => Number(address >> BigInt(8 * i) & 255n));
  const escaped = bytes.map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
  const module = await assembleTo(
    folder.at("guest.wasm"),
    recordGuest({
      ...{ source: "calls", schema: "void *where; u64 user_addr", sizeBytes: 16, sleeps: false },
      data: { 100: escaped, 108: "\\10\\00\\00\\00\\00\\00\\00\\00" },
    }),
  );
  const expectations = [
    [["-o", "columns", "--no-time"], /^vfs_read\+0x10 +16$/m],
    [["--exact", "--no-time"], new RegExp(`^ *0x${address.toString(16)} +16$`, "m")],
    [["-o", "jsonl"], `{"where":"0x${address.toString(16)}","user_addr":16}\n`],
    [["--as", "where=ksym", "-o", "jsonl"], '{"where":"vfs_read+0x10","user_addr":16}\n'],
  ] as const;
  await Promise.all(expectations.map(async ([options, expected]) => {
    const { code, stdout, stderr } = await runCli([...options, module]);
    assert.deepEqual([code, stderr], [0, ""]);
    if (typeof expected === "string") assert.equal(stdout, expected);
    else assert.match(stdout, expected);
  }));
});
