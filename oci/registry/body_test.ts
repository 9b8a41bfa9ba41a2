import assert from "node:assert/strict";
import { bytesSource, type ByteStream } from "../content.ts";
import { Upload } from "./body.ts";

const NO_EVENTS = { onRead() {}, onSent() {}, onEnd() {} };

function uploadOf(open: () => Promise<ByteStream>, size: number): Upload {
  return new Upload({ size, open }, NO_EVENTS);
}

Deno.test("Upload sends exactly its size", async () => {
  for (const size of [1, 3, 5]) {
    const upload = uploadOf(bytesSource(Uint8Array.of(1, 2, 3, 4, 5)), size);
    const sent = await Array.fromAsync(upload.stream);
    assert.equal(sent.flatMap((chunk) => [...chunk]).length, size);
    await upload.close();
  }
});

Deno.test("Upload records the failure of its source", async () => {
  const gone = new Error("disk gone");
  const upload = uploadOf(() => Promise.reject(gone), 5);
  await assert.rejects(Array.fromAsync(upload.stream), gone);
  assert.equal(upload.failure?.error, gone);
});

Deno.test("Upload closes a source that still opens when aborted, without a failure", async () => {
  const opening = Promise.withResolvers<ByteStream>();
  const asked = Promise.withResolvers<void>();
  const open = () => {
    asked.resolve();
    return opening.promise;
  };
  const upload = uploadOf(open, 5);
  const reader = upload.stream.getReader();
  const reading = reader.read();
  await asked.promise;
  await reader.cancel();
  await upload.close();
  const cancelled = Promise.withResolvers<void>();
  opening.resolve(new ReadableStream({ cancel: () => cancelled.resolve() }));
  await cancelled.promise;
  assert.equal((await reading).done, true);
  assert.equal(upload.failure, undefined);
});

Deno.test("Upload records no failure when aborted during a read", async () => {
  const upload = uploadOf(
    () => Promise.resolve(new ReadableStream({ pull: () => new Promise(() => {}) })),
    5,
  );
  const reader = upload.stream.getReader();
  const reading = reader.read();
  // time: one turn of the event loop, in which the stream asks its source.
  await new Promise((resolve) => setTimeout(resolve, 0));
  await reader.cancel();
  await reading;
  assert.equal(upload.failure, undefined);
});
