/** `poll_oneoff` over clocks and descriptors, and what interrupts it; sockets. */
import assert from "node:assert/strict";
import { Right } from "../../runtime/wasi/rights.ts";
import { TestFolder } from "../support/folder.ts";
import { DIR, Place, WasiHost } from "../support/wasi_host.ts";
import {
  type Event,
  HELD_UP_MS,
  HOUR_MS,
  indexes,
  poll,
  READ,
  timed,
  withFifos,
} from "../support/wasi_poll.ts";

Deno.test("poll_oneoff ends with the earliest of several clocks, and reports all that are due", () => {
  using wasi = new WasiHost();
  const { result, ms } = timed(() =>
    poll(wasi, [{ ms: HOUR_MS }, { ms: 30 }, { ms: 30, clock: 0 }, { ms: HOUR_MS, clock: 0 }])
  );
  assert.ok(indexes(result).every((index) => index === 1 || index === 2));
  assert.ok(indexes(result).length > 0 && ms >= 30 && ms < HELD_UP_MS, `${ms} ms`);
  assert.deepEqual(indexes(poll(wasi, [{ ms: HOUR_MS }, { ms: 0 }, { ms: 0, clock: 0 }])), [1, 2]);
});

Deno.test("poll_oneoff knows points in time and durations, of both clocks, side by side", () => {
  using wasi = new WasiHost();
  for (const clock of [0, 1]) {
    const { result, ms } = timed(() =>
      poll(wasi, [{ ms: 20, clock, until: true }, { ms: HOUR_MS, clock: 1 - clock, until: true }])
    );
    assert.deepEqual(indexes(result), [0]);
    assert.ok(ms >= 19 && ms < HELD_UP_MS, `${ms} ms`);
    assert.deepEqual(indexes(poll(wasi, [{ ms: -1, clock, until: true }])), [0]);
  }
});

Deno.test("poll_oneoff takes the longest time that there is", () => {
  using wasi = new WasiHost();
  wasi.interrupt.raise();
  wasi.memory.bytes(Place.Buffer, 48).fill(0);
  wasi.memory.setU64(Place.Buffer + 24, (1n << 64n) - 1n);
  wasi.ok("poll_oneoff", Place.Buffer, Place.Buffer + 64, 1, Place.Out);
});

Deno.test("poll_oneoff waits for descriptors and clocks at once", () => {
  withFifos(["a", "b"], (wasi, [a = 0, b = 0]) => {
    const subscriptions = [{ fd: a }, { fd: b }, { ms: 20 }];
    assert.deepEqual(indexes(poll(wasi, subscriptions)), [2]);
    wasi.write(b, "text");
    const events = poll(wasi, [{ fd: a }, { fd: b }, { ms: HOUR_MS }]);
    assert.deepEqual(events, [{ index: 1, error: 0, type: READ, bytes: 4n, flags: 0 }]);
    wasi.write(a, "x");
    assert.deepEqual(indexes(poll(wasi, [{ fd: a }, { fd: b }])), [0, 1]);
    assert.deepEqual(indexes(poll(wasi, [{ fd: a, write: true }, { fd: b, write: true }])), [0, 1]);
  });
});

Deno.test("poll_oneoff of snapshot 0 reads subscriptions of 56 bytes", () => {
  using wasi = new WasiHost({
    isUnstable: true,
    streams: { 0: { hostFd: -1, source: () => new Uint8Array() } },
  });
  const { result, ms } = timed(() => poll(wasi, [{ ms: HOUR_MS }, { ms: 20 }], true));
  assert.deepEqual(indexes(result), [1]);
  assert.ok(ms >= 20 && ms < HELD_UP_MS, `${ms} ms`);
  assert.deepEqual(indexes(poll(wasi, [{ ms: HOUR_MS }, { fd: 0 }], true)), [1]);
});

Deno.test("poll_oneoff: files and the embedder's streams are always ready", () => {
  using folder = new TestFolder();
  Deno.writeTextFileSync(folder.at("file"), "12345");
  using wasi = new WasiHost({
    preopens: [{ host: folder.path, guest: "/" }],
    streams: {
      0: { hostFd: -1, source: () => new Uint8Array() },
      1: { hostFd: -1, sink: () => {} },
    },
  });
  const file = wasi.open("file");
  wasi.read(file, 2);
  const events = poll(wasi, [
    ...[{ fd: file }, { fd: file, write: true }],
    ...[{ fd: 0 }, { fd: 1, write: true }, { ms: HOUR_MS }],
  ]);
  assert.deepEqual(indexes(events).toSorted(), [0, 1, 2, 3]);
  assert.equal((events as Event[]).find(({ index }) => index === 0)?.bytes, 3n);
});

Deno.test("poll_oneoff reports errors by subscription, without waiting", () => {
  using folder = new TestFolder();
  Deno.writeTextFileSync(folder.at("file"), "");
  using wasi = new WasiHost({ preopens: [{ host: folder.path, guest: "/" }] });
  const readOnly = wasi.open("file", { rights: Right.FdRead | Right.PollFdReadwrite });
  const unpolled = wasi.open("file", { rights: Right.FdRead });
  const events = poll(wasi, [
    ...[{ ms: HOUR_MS }, { fd: 99 }, { fd: readOnly, write: true }, { fd: unpolled }],
    ...[{ fd: -1 }, { fd: DIR }],
  ]) as Event[];
  const errors = events.map(({ index, error }) => [index, error]);
  assert.deepEqual(errors.toSorted(), [[1, 8], [2, 76], [3, 76], [4, 8], [5, 76]]);
});

Deno.test("poll_oneoff refuses clocks and kinds that there are not", () => {
  using wasi = new WasiHost();
  assert.equal(poll(wasi, [{ ms: HOUR_MS }, { ms: 1, clock: 2 }]), 28);
  wasi.memory.bytes(Place.Buffer, 48).fill(0);
  wasi.memory.setU8(Place.Buffer + 8, 3);
  wasi.fails("EINVAL", "poll_oneoff", Place.Buffer, Place.Buffer + 64, 1, Place.Out);
});

Deno.test("poll_oneoff that is interrupted rings the earliest clock", () => {
  withFifos(["a"], (wasi, [a = 0]) => {
    while (wasi.call("fd_write", a, ...wasi.iovec(0, 4096), Place.Out) === 0);
    wasi.interrupt.raise();
    const full = { fd: a, write: true };
    const { result, ms } = timed(() => poll(wasi, [full, { ms: 2 * HOUR_MS }, { ms: HOUR_MS }]));
    assert.deepEqual(indexes(result), [2]);
    assert.ok(ms < HELD_UP_MS);
    // Once: the next one waits.
    assert.ok(timed(() => poll(wasi, [full, { ms: 30 }])).ms >= 30);
  });
});

Deno.test("poll_oneoff for input that is interrupted ends it: the next read finds its end", () => {
  withFifos(["a", "b"], (wasi, [a = 0, b = 0]) => {
    wasi.interrupt.raise();
    const events = poll(wasi, [{ fd: a }, { ms: HOUR_MS }, { fd: b }]) as Event[];
    assert.deepEqual(events.map(({ index, error, flags }) => [index, error, flags]), [
      [0, 0, 1],
      [2, 0, 1],
    ]);
    assert.equal(wasi.read(a), "");
    assert.equal(wasi.read(b), "");
    // Once.
    wasi.fails("EAGAIN", "fd_read", a, ...wasi.iovec(Place.Buffer, 10), Place.Out);
    assert.ok(timed(() => poll(wasi, [{ fd: a }, { ms: 30 }])).ms >= 30);
  });
});

Deno.test("poll_oneoff reports ready subscriptions when interrupted, and ends the inputs", () => {
  withFifos(["a"], (wasi, [a = 0]) => {
    wasi.interrupt.raise();
    assert.deepEqual(indexes(poll(wasi, [{ fd: 99 }, { fd: a }, { ms: HOUR_MS }])), [0, 1]);
    assert.equal(wasi.read(a), "");
  });
});

Deno.test("poll_oneoff of output alone that is interrupted is EINTR", () => {
  withFifos(["a"], (wasi, [a = 0]) => {
    while (wasi.call("fd_write", a, ...wasi.iovec(0, 4096), Place.Out) === 0);
    wasi.interrupt.raise();
    assert.equal(poll(wasi, [{ fd: a, write: true }]), 27);
  });
});

Deno.test("a write that waits for a reader ends with an interrupt: EINTR", () => {
  withFifos(["a"], (wasi, [a = 0]) => {
    wasi.ok("fd_fdstat_set_flags", a, 0);
    const pipeBytes = 65536;
    for (let i = 0; i < pipeBytes / 4096; i++) {
      wasi.ok("fd_write", a, ...wasi.iovec(0, 4096), Place.Out);
    }
    wasi.interrupt.attend();
    wasi.interrupt.raise();
    wasi.fails("EINTR", "fd_write", a, ...wasi.iovec(0, 4096), Place.Out);
    assert.equal(wasi.attended, 1);
    // Bytes written before can be read.
    assert.equal(wasi.read(a, 100).length, 100);
  });
});

Deno.test("poll_oneoff goes on after a request for attention", () => {
  withFifos(["a"], (wasi, [a = 0]) => {
    wasi.interrupt.attend();
    const { result, ms } = timed(() => poll(wasi, [{ fd: a }, { ms: 30 }]));
    assert.deepEqual(indexes(result), [1]);
    assert.ok(ms >= 30, `${ms} ms`);
    assert.equal(wasi.attended, 1);
    wasi.interrupt.attend();
    wasi.interrupt.raise();
    wasi.ok("fd_fdstat_set_flags", a, 0);
    assert.equal(wasi.read(a), "");
    assert.equal(wasi.attended, 2);
  });
});
