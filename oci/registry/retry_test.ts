import assert from "node:assert/strict";
import { RegistryError } from "../errors.ts";
import { backoffMs, DEFAULT_TIMING, mayPass, pause, retryAfterMs } from "./retry.ts";

Deno.test("retryAfterMs() accepts seconds and HTTP dates", () => {
  const now = Date.UTC(2026, 0, 1, 12);
  assert.equal(retryAfterMs("0", now), 0);
  assert.equal(retryAfterMs(" 120 ", now), 120_000);
  for (const text of ["1234567890", "9".repeat(400)]) {
    assert.equal(retryAfterMs(text, now), 999_999_999_000);
  }
  assert.equal(retryAfterMs("Thu, 01 Jan 2026 12:00:30 GMT", now), 30_000);
  assert.equal(retryAfterMs("Thu, 01 Jan 2026 11:00:00 GMT", now), 0);
});

Deno.test("retryAfterMs() refuses everything else", () => {
  for (
    const text of [null, "", "-1", "1.5", "soon", "2026-01-01", "1e9", "Mon, x"]
  ) {
    assert.equal(retryAfterMs(text, 0), undefined, String(text));
  }
});

Deno.test("backoffMs() doubles up to the maximum, half of it random", () => {
  const timing = { ...DEFAULT_TIMING, backoffMs: 100, longestWaitMs: 1000 };
  assert.deepEqual([2, 3, 4, 5, 6, 7, 50].map((n) => backoffMs(n, timing, () => 1)), [
    100,
    200,
    400,
    800,
    1000,
    1000,
    1000,
  ]);
  assert.equal(backoffMs(2, timing, () => 0), 50);
});

Deno.test("mayPass() accepts only transient failures", () => {
  const of = (code: string, status?: number) =>
    mayPass(new RegistryError("Cannot", { code, method: "GET", url: "https://a/", status }));
  assert.ok([408, 425, 429, 500, 502, 503, 504].every((status) => of("REFUSED", status)));
  assert.ok(![400, 401, 403, 404, 405, 416, 501].some((status) => of("REFUSED", status)));
  assert.ok(["UNREACHABLE", "CUT", "TIMEOUT"].every((code) => of(code)));
  assert.ok(!["TLS", "PROTOCOL", "TOO_LARGE", "UNKNOWN_HOST"].some((code) => of(code)));
});

Deno.test("pause() throws the signal's reason", async () => {
  const reason = new Error("Ctrl-C");
  await assert.rejects(pause(60_000, AbortSignal.abort(reason)), reason);
  const controller = new AbortController();
  const waiting = pause(60_000, controller.signal);
  controller.abort(reason);
  await assert.rejects(waiting, reason);
});
