/** `poll_oneoff` of clocks: events, results, ranges. */
import assert from "node:assert/strict";
import {
  Errno,
  FILL,
  HELD_UP_MS,
  type Host,
  host,
  PAGE,
  untouched,
} from "../support/wasi_calls.ts";

/** Writes a clock's subscription at `at`, and returns the result of `poll_oneoff`. */
function putSubscription(
  { view }: Host,
  at: number,
  { clock = 1, timeoutNs = 0n, flags = 0, userdata = 0x0123_4567_89ab_cdefn, tag = 0 },
): void {
  view.setBigUint64(at, userdata, true);
  view.setUint8(at + 8, tag);
  view.setUint32(at + 16, clock, true);
  view.setBigUint64(at + 24, timeoutNs, true);
  view.setBigUint64(at + 32, 0n, true);
  view.setUint16(at + 40, flags, true);
}

function pollMs(wasi: Host): { errno: number; ms: number } {
  const start = performance.now();
  const errno = wasi.call("poll_oneoff", 0, 1024, 1, 2048);
  return { errno, ms: performance.now() - start };
}

Deno.test("poll_oneoff of a clock writes one event of 32 bytes", () => {
  using wasi = host();
  putSubscription(wasi, 0, {});
  assert.equal(wasi.call("poll_oneoff", 0, 1024, 1, 2048), Errno.SUCCESS);
  assert.equal(wasi.view.getBigUint64(1024, true), 0x0123_4567_89ab_cdefn);
  assert.equal(wasi.view.getUint16(1032, true), Errno.SUCCESS);
  assert.equal(wasi.view.getUint8(1034), 0);
  assert.equal(wasi.view.getBigUint64(1040, true), 0n);
  assert.equal(wasi.view.getUint16(1048, true), 0);
  assert.equal(wasi.view.getUint32(2048, true), 1);
  new Uint8Array(wasi.view.buffer).fill(FILL, 0, 48);
  new Uint8Array(wasi.view.buffer).fill(FILL, 1024, 1056);
  assert.ok(untouched(wasi, 2048, 4));
});

Deno.test("poll_oneoff waits for a relative time, of either clock", () => {
  using wasi = host();
  for (const clock of [0, 1]) {
    putSubscription(wasi, 0, { clock, timeoutNs: 30_000_000n });
    const { errno, ms } = pollMs(wasi);
    assert.equal(errno, Errno.SUCCESS);
    assert.ok(ms >= 30 && ms < HELD_UP_MS, `${ms} ms`);
  }
});

Deno.test("poll_oneoff waits for an absolute time, of either clock", () => {
  using wasi = host();
  for (const clock of [0, 1]) {
    wasi.call("clock_time_get", clock, 0n, 512);
    const timeoutNs = wasi.view.getBigUint64(512, true) + 30_000_000n;
    putSubscription(wasi, 0, { clock, timeoutNs, flags: 1 });
    assert.equal(pollMs(wasi).errno, Errno.SUCCESS);
    wasi.call("clock_time_get", clock, 0n, 512);
    const late = wasi.view.getBigUint64(512, true) - timeoutNs;
    assert.ok(late >= 0n && late < BigInt(HELD_UP_MS) * 1_000_000n, `${late} ns`);
  }
});

Deno.test("poll_oneoff does not wait for a time that is over", () => {
  using wasi = host();
  for (const clock of [0, 1]) {
    putSubscription(wasi, 0, { clock, timeoutNs: 1n, flags: 1 });
    const { errno, ms } = pollMs(wasi);
    assert.equal(errno, Errno.SUCCESS);
    assert.ok(ms < HELD_UP_MS, `${ms} ms`);
  }
});

Deno.test("poll_oneoff that is interrupted succeeds early, and the next one waits", () => {
  using wasi = host();
  wasi.interrupt.raise();
  putSubscription(wasi, 0, { timeoutNs: 3_600_000_000_000n });
  assert.ok(pollMs(wasi).ms < HELD_UP_MS);
  assert.equal(wasi.view.getUint32(2048, true), 1);
  assert.equal(wasi.view.getUint16(1032, true), Errno.SUCCESS);
  putSubscription(wasi, 0, { timeoutNs: 30_000_000n });
  const { errno, ms } = pollMs(wasi);
  assert.equal(errno, Errno.SUCCESS);
  assert.ok(ms >= 30, `${ms} ms`);
});

Deno.test("poll_oneoff of nothing is EINVAL", () => {
  using wasi = host();
  for (const count of [0, -1, -0x8000_0000]) {
    assert.equal(wasi.call("poll_oneoff", 0, 1024, count, 2048), Errno.INVAL, String(count));
  }
});

Deno.test("poll_oneoff of CPU clocks and unknown ones is EINVAL", () => {
  using wasi = host();
  for (const clock of [2, 3, 4, 0xffff_ffff]) {
    putSubscription(wasi, 0, { clock });
    assert.equal(pollMs(wasi).errno, Errno.INVAL, String(clock));
  }
});

Deno.test("poll_oneoff faults before it sleeps", () => {
  using wasi = host();
  const hour = 3_600_000_000_000n;
  putSubscription(wasi, 0, { timeoutNs: hour });
  putSubscription(wasi, PAGE - 48, { timeoutNs: hour });
  for (
    const [input, output, count, countOut] of [
      [PAGE - 47, 1024, 1, 2048],
      [-48, 1024, 1, 2048],
      [0, PAGE - 31, 1, 2048],
      [0, -1, 1, 2048],
      [0, 1024, 1, PAGE - 3],
      [0, 1024, 1, -4],
      [0, 1024, 4096, 2048],
    ] as const
  ) {
    assert.equal(wasi.call("poll_oneoff", input, output, count, countOut), Errno.FAULT);
  }
});
