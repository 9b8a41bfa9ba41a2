import assert from "node:assert/strict";
import { Answer } from "./answer.ts";
import { DEFAULT_TIMING } from "./retry.ts";
import { Watchdog } from "./watchdog.ts";

Deno.test("bytes() uses memory in proportion to the response, with chunks of any size", async () => {
  const pieces = 40_000;
  const before = Deno.memoryUsage().external;
  let [sent, peak] = [0, 0];
  const body = new ReadableStream({
    type: "bytes",
    pull(controller) {
      if (sent++ % 1000 === 0) peak = Math.max(peak, Deno.memoryUsage().external - before);
      controller.enqueue(Uint8Array.of(sent));
      if (sent === pieces) controller.close();
    },
  }, { highWaterMark: 0 });
  const answer = new Answer({
    timing: DEFAULT_TIMING,
    what: "read it",
    method: "GET",
    url: new URL("http://localhost/"),
    response: new Response(body),
    watchdog: new Watchdog(undefined),
    idleMs: 10_000,
  });
  const bytes = await answer.bytes(pieces);
  assert.equal(bytes.length, pieces);
  assert.equal(bytes[pieces - 1], pieces % 256);
  assert.ok(peak < 64 * 2 ** 20, `${peak} bytes in addition to the heap`);
});

Deno.test("a body that does not heed the abort is given up", async () => {
  using watchdog = new Watchdog(undefined);
  let cancelled = false;
  const body = new ReadableStream({ type: "bytes", cancel: () => void (cancelled = true) });
  const answer = new Answer({
    timing: DEFAULT_TIMING,
    what: "read it",
    method: "GET",
    url: new URL("http://localhost/"),
    response: new Response(body),
    watchdog,
    idleMs: 10,
  });
  await assert.rejects(answer.bytes(10), { code: "TIMEOUT" });
  assert.ok(cancelled);
});
