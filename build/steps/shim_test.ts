import assert from "node:assert/strict";
import { linkProblems } from "./shim.ts";

function description(needed: readonly string[], versions: readonly string[]): string {
  return `NeededLibraries [\n${needed.map((name) => `  ${name}\n`).join("")}]\n` +
    versions.map((version) => `0x0010:   Name: ${version}  Flags: none  Version: 2\n`).join("");
}

Deno.test("linkProblems() accepts libc, its loader and old symbols", () => {
  const text = description(["ld-linux-x86-64.so.2", "libc.so.6"], ["GLIBC_2.2.5", "GLIBC_2.34"]);
  assert.deepEqual(linkProblems(text), []);
});

Deno.test("linkProblems() names another library and a newer glibc", () => {
  const text = description(["libc.so.6", "libelf.so.1"], ["GLIBC_2.4", "GLIBC_2.38", "GLIBC_3.0"]);
  assert.deepEqual(linkProblems(text), [
    "it needs libelf.so.1",
    "it needs GLIBC_2.38",
    "it needs GLIBC_3.0",
  ]);
});

Deno.test("linkProblems() reports a description without libraries", () => {
  assert.equal(linkProblems("").length, 1);
});
