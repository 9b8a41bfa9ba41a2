import assert from "node:assert/strict";
import { bytesSource, readContent } from "./content.ts";
import { digestOf } from "./digest.ts";

const bytes = Uint8Array.of(1, 2, 3, 4, 5);
const descriptor = { mediaType: "a/b", digest: digestOf(bytes), size: bytes.length };
const fetch = (of: Uint8Array<ArrayBuffer>) => ({
  fetch: (_: unknown, options?: { offset?: number }) => bytesSource(of)(options),
});

Deno.test("readContent() hands over what the descriptor promises", async () => {
  assert.deepEqual(await readContent(fetch(bytes), descriptor, { limit: 5 }), bytes);
});

Deno.test("readContent() refuses content beyond its limit without asking for it", async () => {
  const never = { fetch: () => Promise.reject(new Error("asked")) };
  await assert.rejects(readContent(never, descriptor, { limit: 4 }), { code: "TOO_LARGE" });
});

Deno.test("readContent() refuses more, fewer and other bytes", async () => {
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

Deno.test("bytesSource() opens at an offset, as often as asked", async () => {
  const source = bytesSource(bytes);
  for (const offset of [0, 3, 5]) {
    const chunks = await Array.fromAsync(await source({ offset }));
    assert.deepEqual(chunks.flatMap((chunk) => [...chunk]), [...bytes.subarray(offset)]);
  }
});
