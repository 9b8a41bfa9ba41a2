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
  assert.equal(symbols.find(0xffffffffc0000020n), "bpf_prog_1_first+0x20");
  assert.equal(symbols.find(0xffffffffc0006c62n), undefined);
});
