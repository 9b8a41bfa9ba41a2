/** Objects that cannot be opened: the guest gets libbpf's errno, and the user a matching hint. */
import assert from "node:assert/strict";
import { guestPath, runCli } from "../support/cli.ts";

/** Expected output by kind of change: the C library's message, the error's reason, and its hint. */
const OPENS: Record<string, [printed: RegExp, error: RegExp, hint: RegExp]> = {
  "byte-order": [/^Endian mismatch$/m, /compiled for the other byte order/, /-target bpfel/],
  "magic": [
    /^(Something wrong in libelf|BPF object format invalid)$/m,
    /ELF/,
    /clang -target bpf -g/,
  ],
  "no-symbols": [/^No such file or directory$/m, /ENOENT/, /llvm-strip -g/],
  "legacy-maps": [/^Not supported$/m, /EOPNOTSUPP/, /SEC\("\.maps"\)/],
  "no-btf": [/^No such file or directory$/m, /ENOENT/, /-g: maps and externs/],
};

for (const [how, [printed, error, hint]] of Object.entries(OPENS)) {
  Deno.test(`bpf_object__open_mem() returns libbpf's errno for ${how}`, async () => {
    const { code, stdout, stderr } = await runCli([guestPath("open-errors"), how]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, printed, stderr);
    assert.match(stderr, /^error: Cannot open the eBPF object: /m);
    assert.match(stderr, error);
    assert.match(/^hint: .*$/m.exec(stderr)?.[0] ?? "", hint, stderr);
  });
}

Deno.test("bpf_object__open_mem() opens an unchanged object", async () => {
  const { stdout, stderr } = await runCli([guestPath("open-errors"), "not"]);
  assert.equal(stdout, "opened\n", stderr);
});
