import assert from "node:assert/strict";
import { eachBounded } from "./concurrency.ts";

Deno.test("eachBounded() runs each item, and at most its limit at once", async () => {
  let running = 0, most = 0;
  const seen: number[] = [];
  await eachBounded([1, 2, 3, 4, 5, 6, 7], { limit: 3 }, async (item) => {
    most = Math.max(most, ++running);
    for (let i = 0; i < item; i++) await Promise.resolve();
    seen.push(item);
    running--;
  });
  assert.equal(most, 3);
  assert.deepEqual(seen.sort(), [1, 2, 3, 4, 5, 6, 7]);
});

Deno.test("eachBounded() throws the first failure after all have ended, and starts no more", async () => {
  const ended: number[] = [];
  const work = async (item: number, signal: AbortSignal) => {
    if (item === 1) throw new Error("first");
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    ended.push(item);
    signal.throwIfAborted();
  };
  await assert.rejects(eachBounded([0, 1, 2, 3], { limit: 2 }, work), { message: "first" });
  assert.deepEqual(ended, [0]);
});

Deno.test("eachBounded() throws the reason of the caller's signal", async () => {
  const outside = new AbortController();
  const promise = eachBounded([1, 2], { limit: 1, signal: outside.signal }, () => {
    outside.abort(new Error("Ctrl-C"));
    return Promise.resolve();
  });
  await assert.rejects(promise, { message: "Ctrl-C" });
});
