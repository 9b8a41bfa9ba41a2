import assert from "node:assert/strict";
import { KernelSymbols } from "./names.ts";

Deno.test("KernelSymbols.find() names no program that the list does not have", () => {
  const symbols = new KernelSymbols([
    "ffffffff81000000 T vfs_read",
    "ffffffff81000100 T vfs_write",
    "ffffffffc0000000 t bpf_prog_1_first\t[bpf]",
    "",
  ].join("\n"));
  assert.equal(symbols.find(0xffffffff81000010n), "vfs_read+0x10");
  assert.equal(symbols.find(0xffffffff81009000n), "vfs_write+0x8f00");
  assert.equal(symbols.find(0xffffffff81900000n), undefined);
  assert.equal(symbols.find(0xffffffffc0000020n), "bpf_prog_1_first+0x20");
  assert.equal(symbols.find(0xffffffffc0006c62n), undefined);
});

Deno.test("KernelSymbols.find() names no function for data, nor after the end of code", () => {
  const symbols = new KernelSymbols([
    "ffffffff81000000 T vfs_read",
    "ffffffff81000100 T _etext",
    "ffffffff81000200 D init_task",
    "ffffffff81000300 W weak_function",
    "ffffffff81000400 r table\t[module]",
  ].join("\n"));
  assert.equal(symbols.find(0xffffffff810000ffn), "vfs_read+0xff");
  assert.equal(symbols.find(0xffffffff81000300n), "weak_function");
  for (const address of [0x100n, 0x1ffn, 0x200n, 0x208n, 0x400n, 0x410n]) {
    assert.equal(symbols.find(0xffffffff81000000n + address), undefined);
  }
});
