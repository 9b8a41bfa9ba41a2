import assert from "node:assert/strict";
import { syscallName } from "./syscalls.ts";

/** Headers of Debian's linux-libc-dev, and names that they write in another way. */
const HEADERS = [
  ["x86_64", "/usr/include/x86_64-linux-gnu/asm/unistd_64.h", {}],
  ["aarch64", "/usr/include/asm-generic/unistd.h", { fstatat: "newfstatat" }],
] as const;

for (const [arch, path, others] of HEADERS) {
  Deno.test(`system calls of ${arch} have the names of Linux's header`, async () => {
    const header = await Deno.readTextFile(path);
    const named = new Map<number, string>();
    for (const [, name = "", number] of header.matchAll(/#define __NR(?:3264)?_(\w+)\s+(\d+)$/gm)) {
      // Only machines of 32 bits have those before the shared ones.
      const isOurs = Number(number) < 403 || Number(number) >= 424;
      if (!isOurs || /^(arch_specific_syscall|syscalls)$/.test(name)) continue;
      named.set(Number(number), named.get(Number(number)) ?? name);
    }
    assert.ok(named.size > 300, `${named.size} in ${path}`);
    for (const [number, name] of named) {
      assert.equal(syscallName(number, arch), { ...others }[name] ?? name, `${number}`);
    }
  });
}

Deno.test("numbers without a system call have no name", () => {
  for (const number of [-1, 250, 400, 1e6]) assert.equal(syscallName(number, "aarch64"), undefined);
  assert.equal(syscallName(340, "x86_64"), undefined);
  assert.equal(syscallName(2 ** 31 + 20, "x86_64"), "32bit:20");
  assert.equal(syscallName(2 ** 32, "x86_64"), undefined);
});
