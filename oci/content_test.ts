import assert from "node:assert/strict";
import { bytesSource, type ByteStream, readChunks, readContent } from "./content.ts";
import { digestOf } from "./digest.ts";

const bytes = Uint8Array.of(1, 2, 3, 4, 5);
const descriptor = { mediaType: "a/b", digest: digestOf(bytes), size: bytes.length };
const fetch = (of: Uint8Array<ArrayBuffer>) => ({
  fetch: (_: unknown, options?: { offset?: number }) => bytesSource(of)(options),
});

Deno.test("readContent() returns content that matches its descriptor", async () => {
  assert.deepEqual(await readContent(fetch(bytes), descriptor, { limit: 5 }), bytes);
});

Deno.test("readContent() refuses content beyond its limit without a request", async () => {
  const never = { fetch: () => Promise.reject(new Error("asked")) };
  await assert.rejects(readContent(never, descriptor, { limit: 4 }), { code: "TOO_LARGE" });
});

Deno.test("readContent() refuses more, fewer and different bytes", async () => {
  const cases: [number[], string][] = [
    [[1, 2, 3, 4, 5, 6], "SIZE_MISMATCH"],
    [[1, 2, 3, 4], "SIZE_MISMATCH"],
    [[1, 2, 3, 4, 6], "DIGEST_MISMATCH"],
  ];
  for (const [other, code] of cases) {
    const content = fetch(Uint8Array.from(other));
    await assert.rejects(readContent(content, descriptor, { limit: 100 }), { code });
  }
});

Deno.test("bytesSource() opens at an offset, any number of times", async () => {
  const source = bytesSource(bytes);
  for (const offset of [0, 3, 5]) {
    const chunks = await Array.fromAsync(await source({ offset }));
    assert.deepEqual(chunks.flatMap((chunk) => [...chunk]), [...bytes.subarray(offset)]);
  }
});

/** Returns a byte stream, which fills the reader's own buffer. */
function byteStream(chunks: number[][]): ByteStream {
  const left = chunks.map((chunk) => Uint8Array.from(chunk));
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      const chunk = left.shift();
      if (chunk !== undefined) return controller.enqueue(chunk);
      controller.close();
      controller.byobRequest?.respond(0);
    },
  });
}

Deno.test("readChunks() reads byte streams and default streams to their end", async () => {
  const chunks = [[1, 2], [3], [4, 5]];
  const plain = ReadableStream.from(chunks.map((chunk) => Uint8Array.from(chunk)));
  for (const stream of [byteStream(chunks), plain as ByteStream]) {
    const seen: number[] = [];
    await readChunks(stream, (chunk) => void seen.push(...chunk));
    assert.deepEqual(seen, [1, 2, 3, 4, 5]);
  }
});

Deno.test("readChunks() cancels the stream when a chunk is refused", async () => {
  const cancelled: unknown[] = [];
  const stream: ByteStream = new ReadableStream({
    pull: (controller) => controller.enqueue(bytes.slice()),
    cancel: (reason) => void cancelled.push(reason),
  });
  const full = new Error("disk full");
  await assert.rejects(readChunks(stream, () => Promise.reject(full)), full);
  assert.deepEqual(cancelled, [full]);
});
