import assert from "node:assert/strict";
import { parseMemorySize } from "./size.ts";

const parse = (text: string) => parseMemorySize(text, "--max-memory");

Deno.test("parseMemorySize() accepts each unit in both forms", () => {
  const texts = ["65536", "64K", "64k", "64KiB", "16M", "16MiB", "16mib", "1G", "1GiB", "4G"];
  const mib = 1024 ** 2;
  assert.deepEqual(
    texts.map(parse),
    [
      ...[65536, 65536, 65536, 65536, 16 * mib, 16 * mib, 16 * mib],
      ...[1024 * mib, 1024 * mib, 4096 * mib],
    ],
  );
});

Deno.test("parseMemorySize() accepts fractions", () => {
  assert.deepEqual(["1.5M", "0.5G"].map(parse), [1.5 * 1024 ** 2, 512 * 1024 ** 2]);
});

Deno.test("parseMemorySize() accepts one page to 4 GiB", () => {
  for (const text of ["65535", "63K", "0", "0M", "4294967297", "4.1G", "5G", "9".repeat(400)]) {
    assert.throws(() => parse(text), { code: "USAGE" }, text);
  }
});

Deno.test("parseMemorySize() refuses unknown and ambiguous units", () => {
  for (
    const text of ["64MB", "64kb", "1T", "64Mi", "64 M", "M", "", "-1M", "1e6", "0x10000", "1,5M"]
  ) {
    assert.throws(() => parse(text), { code: "USAGE" }, text);
  }
});
