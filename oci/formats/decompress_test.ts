import assert from "node:assert/strict";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { joined, pieces } from "../../tests/support/tar.ts";
import { decompressed } from "./decompress.ts";

const BYTES = crypto.getRandomValues(new Uint8Array(50_000));
const SKIPPABLE = Uint8Array.of(0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3);

async function unpack(bytes: Uint8Array, limit = 1e9, size?: number): Promise<Uint8Array> {
  const stream = decompressed(pieces(bytes, size), { what: "it", limit });
  return joined(await Array.fromAsync(stream));
}

Deno.test("decompressed() knows gzip, zstd and nothing by how they start", async () => {
  for (const packed of [BYTES, gzipSync(BYTES), zstdCompressSync(BYTES)]) {
    for (const size of [7, 1000, 1e6]) assert.deepEqual(await unpack(packed, 1e9, size), BYTES);
  }
  for (const short of [[], [1], [0x1f], [0x28, 0xb5, 0x2f]]) {
    assert.deepEqual(await unpack(Uint8Array.from(short)), Uint8Array.from(short));
  }
});

Deno.test("decompressed() reads several members and frames, and skips skippable ones", async () => {
  const twice = joined([BYTES, BYTES]);
  const zstd = zstdCompressSync(BYTES);
  assert.deepEqual(await unpack(joined([gzipSync(BYTES), gzipSync(BYTES)])), twice);
  for (const size of [1000, 1e6]) {
    assert.deepEqual(await unpack(joined([SKIPPABLE, zstd, SKIPPABLE, zstd]), 1e9, size), twice);
  }
  // Blocks of every kind: compressed, repeated and raw.
  const mixed = joined([new Uint8Array(300_000), BYTES, new Uint8Array(300_000).fill(7)]);
  assert.deepEqual(await unpack(zstdCompressSync(mixed)), mixed);
  assert.deepEqual(await unpack(zstdCompressSync(new Uint8Array(0))), new Uint8Array(0));
});

Deno.test("decompressed() refuses what ends in the middle", async () => {
  const zstd = zstdCompressSync(BYTES);
  for (const length of [5, 100, zstd.length - 1]) {
    await assert.rejects(unpack(zstd.subarray(0, length)), { code: "CUT_SHORT" });
  }
  await assert.rejects(unpack(gzipSync(BYTES).subarray(0, 1000)), { code: "BAD_LAYER" });
});

Deno.test("decompressed() refuses what is damaged, and what follows the end", async () => {
  for (const packed of [gzipSync(BYTES), zstdCompressSync(BYTES)]) {
    const damaged = Uint8Array.from(packed);
    damaged.fill(0xff, 5, 60);
    await assert.rejects(unpack(damaged), ({ code }: { code: string }) => {
      return code === "BAD_LAYER" || code === "CUT_SHORT";
    });
    const trailing = joined([packed, new TextEncoder().encode("and more")]);
    await assert.rejects(unpack(trailing), { code: "BAD_LAYER" });
  }
});

Deno.test("decompressed() ends a bomb at the limit", async () => {
  const zeros = new Uint8Array(50_000_000);
  for (const bomb of [gzipSync(zeros), zstdCompressSync(zeros)]) {
    let seen = 0;
    await assert.rejects(async () => {
      for await (const chunk of decompressed(pieces(bomb), { what: "it", limit: 1e6 })) {
        seen += chunk.length;
      }
    }, { code: "TOO_LARGE" });
    assert.ok(seen <= 1e6);
  }
});

Deno.test("decompressed() gives its source up when nobody wants more", async () => {
  let isReturned = false;
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield await Promise.resolve(gzipSync(BYTES));
    } finally {
      isReturned = true;
    }
  }
  for await (const _ of decompressed(source(), { what: "it", limit: 1e9 })) break;
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.ok(isReturned);
});
