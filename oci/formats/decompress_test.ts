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

Deno.test("decompressed() detects gzip and zstd by their magic numbers", async () => {
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

Deno.test("decompressed() takes blocks and frames however they are cut", async () => {
  const mixed = joined([new Uint8Array(300_000), BYTES, new Uint8Array(300_000).fill(7)]);
  const packed = joined([zstdCompressSync(mixed), SKIPPABLE, zstdCompressSync(BYTES)]);
  for (const size of [1, 2, 3, 7, 4096]) {
    assert.deepEqual(await unpack(packed, 1e9, size), joined([mixed, BYTES]), `${size}`);
  }
});

/** A frame of empty blocks. */
function emptyBlocks(count: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(6 + 3 * count);
  bytes.set([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50]);
  bytes[3 + 3 * count] = 1;
  return bytes;
}

Deno.test("decompressed() takes a million empty blocks, and refuses so many frames", async () => {
  assert.equal((await unpack(emptyBlocks(1_000_000))).length, 0);
  const header = [0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0];
  const skippable = Uint8Array.from({ length: 8 * 1_000_000 }, (_, i) => header[i % 8] ?? 0);
  await assert.rejects(unpack(skippable), { code: "TOO_LARGE" });
  const frame = emptyBlocks(1);
  const frames = joined(Array(1000).fill(frame));
  assert.equal((await unpack(frames)).length, 0);
  const many = joined([skippable.subarray(0, 8 * 32_767), frame]);
  assert.equal((await unpack(many)).length, 0);
  await assert.rejects(unpack(joined([many, frame])), { code: "TOO_LARGE" });
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

Deno.test("decompressed() cancels its source when the reader stops", async () => {
  let isReturned = false;
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield await Promise.resolve(gzipSync(BYTES));
    } finally {
      isReturned = true;
    }
  }
  for await (const _ of decompressed(source(), { what: "it", limit: 1e9 })) break;
  // time: one turn of the event loop, in which the source returns.
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.ok(isReturned);
});
