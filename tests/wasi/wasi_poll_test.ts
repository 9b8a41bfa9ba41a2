/** `poll_oneoff` over clocks and descriptors, and what interrupts it; sockets. */
import assert from "node:assert/strict";
import { FileType } from "../../runtime/wasi/filestat.ts";
import { Right } from "../../runtime/wasi/rights.ts";
import { TestFolder } from "../support/folder.ts";
import { DIR, OFlag, Place, WasiHost } from "../support/wasi_host.ts";

const CLOCK = 0;
const READ = 1;
const WRITE = 2;
const MONOTONIC = 1;
const NONBLOCK = 4;
const MS = 1_000_000n;
const HOUR_MS = 3_600_000;
/** Far less than the hour that it would wait, and more than a machine is held up. */
const HELD_UP_MS = 120_000;

type Subscription = { fd: number; write?: boolean } | {
  ms: number;
  clock?: number;
  until?: boolean;
};

interface Event {
  index: number;
  error: number;
  type: number;
  bytes: bigint;
  flags: number;
}

/** Polls; the events, by the places of what was subscribed to, or an errno. */
function poll(
  wasi: WasiHost,
  subscriptions: readonly Subscription[],
  isUnstable = false,
): Event[] | number {
  const { memory } = wasi;
  const size = isUnstable ? 56 : 48;
  const shift = isUnstable ? 8 : 0;
  const input = Place.Buffer;
  const output = input + 0x4000;
  memory.bytes(input, 0x6000).fill(0x3f);
  subscriptions.forEach((one, i) => {
    const at = input + i * size;
    memory.setU64(at, BigInt(i) + 1000n);
    memory.setU8(at + 8, "fd" in one ? (one.write ? WRITE : READ) : CLOCK);
    if ("fd" in one) return memory.setU32(at + 16, one.fd);
    const { clock = MONOTONIC, until = false } = one;
    memory.setU32(at + 16 + shift, clock);
    wasi.ok("clock_time_get", clock, 0n, Place.Out);
    const now = memory.getU64(Place.Out);
    memory.setU64(at + 24 + shift, BigInt(one.ms) * MS + (until ? now : 0n));
    memory.setU16(at + 40 + shift, until ? 1 : 0);
  });
  const errno = wasi.call("poll_oneoff", input, output, subscriptions.length, Place.Out);
  if (errno !== 0) return errno;
  return Array.from({ length: memory.getU32(Place.Out) }, (_, i) => {
    const at = output + i * 32;
    return {
      index: Number(memory.getU64(at) - 1000n),
      error: memory.getU16(at + 8),
      type: memory.getU8(at + 10),
      bytes: memory.getU64(at + 16),
      flags: memory.getU16(at + 24),
    };
  });
}

/** The places of the events that there are. */
function indexes(events: Event[] | number): number[] {
  assert.ok(typeof events !== "number", `errno ${events}`);
  return events.map(({ index }) => index);
}

function timed<T>(call: () => T): { result: T; ms: number } {
  const start = performance.now();
  return { result: call(), ms: performance.now() - start };
}

/** A folder with FIFOs in it, each opened both ways. */
function withFifos(names: readonly string[], use: (wasi: WasiHost, fifos: number[]) => void): void {
  using folder = new TestFolder();
  const args = names.map((name) => folder.at(name));
  assert.ok(new Deno.Command("mkfifo", { args }).outputSync().success);
  using wasi = new WasiHost({ preopens: [{ host: folder.path, guest: "/" }] });
  const rights = Right.FdRead | Right.FdWrite | Right.FdFdstatSetFlags | Right.PollFdReadwrite;
  use(wasi, names.map((name) => wasi.open(name, { rights, fdFlags: NONBLOCK })));
}

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

/** A host that listens, and its port. */
function listening(): { wasi: WasiHost; port: number } {
  let port = 0;
  const wasi = new WasiHost({
    listen: ["127.0.0.1:0"],
    onNotice: (text) => port = Number(/port (\d+)$/.exec(text)?.[1]),
  });
  return { wasi, port };
}

Deno.test("sock_accept hands over a connection, to read and write", async () => {
  const { wasi, port } = listening();
  using _wasi = wasi;
  wasi.ok("fd_fdstat_get", DIR, Place.Buffer);
  assert.equal(wasi.memory.getU8(Place.Buffer), FileType.SocketStream);
  wasi.ok("fd_fdstat_set_flags", DIR, NONBLOCK);
  wasi.fails("EAGAIN", "sock_accept", DIR, 0, Place.Out);
  wasi.fails("EBADF", "fd_prestat_get", DIR, Place.Buffer);

  using client = await Deno.connect({ port });
  assert.deepEqual(indexes(poll(wasi, [{ fd: DIR }, { ms: 10_000 }])), [0]);
  wasi.ok("sock_accept", DIR, 0, Place.Out);
  const socket = wasi.memory.getU32(Place.Out);
  assert.equal(socket, DIR + 1);

  await client.write(new TextEncoder().encode("hello world"));
  const receive = (flags: number, size = 100) => {
    const list = wasi.iovec(Place.Buffer, size);
    wasi.ok("sock_recv", socket, ...list, flags, Place.Out, Place.Out + 4);
    return wasi.string(Place.Buffer, wasi.memory.getU32(Place.Out));
  };
  assert.equal(receive(1, 5), "hello", "a look");
  assert.equal(receive(2, 5), "hello", "all of it");
  assert.equal(wasi.read(socket), " world");
  wasi.text("reply", Place.Buffer);
  wasi.ok("sock_send", socket, ...wasi.iovec(Place.Buffer, 5), 0, Place.Out);
  assert.equal(wasi.memory.getU32(Place.Out), 5);
  assert.equal(wasi.write(socket, " more"), 5);
  wasi.ok("sock_shutdown", socket, 2);
  const answer = await new Response(client.readable, {}).text();
  assert.equal(answer, "reply more");
  // The client's end has closed what it sends, too.
  assert.equal(receive(0), "");
  wasi.ok("fd_close", socket);
  wasi.fails("EBADF", "fd_write", socket, ...wasi.iovec(0, 1), Place.Out);
});

Deno.test("sock_send returns EPIPE when the socket has no reader, and ends no guest", async () => {
  const { wasi, port } = listening();
  using _wasi = wasi;
  (await Deno.connect({ port })).close();
  wasi.ok("sock_accept", DIR, 0, Place.Out);
  const socket = wasi.memory.getU32(Place.Out);
  const errnos = new Set<number>();
  for (let i = 0; i < 100 && errnos.size < 2; i++) {
    errnos.add(wasi.call("sock_send", socket, ...wasi.iovec(0, 1000), 0, Place.Out));
    errnos.add(wasi.call("fd_write", socket, ...wasi.iovec(0, 1000), Place.Out));
  }
  errnos.delete(0);
  assert.ok([...errnos].every((errno) => errno === 64 || errno === 15), [...errnos].join());
  assert.deepEqual(wasi.exits, []);
});

Deno.test("waits for a socket end with an interrupt: ECANCELED, and the end of the input", async () => {
  const { wasi, port } = listening();
  using _wasi = wasi;
  wasi.interrupt.raise();
  wasi.fails("ECANCELED", "sock_accept", DIR, 0, Place.Out);
  wasi.interrupt.raise();
  assert.deepEqual(indexes(poll(wasi, [{ fd: DIR }])), [0]);
  wasi.fails("ECANCELED", "sock_accept", DIR, 0, Place.Out);
  using _client = await Deno.connect({ port });
  wasi.ok("sock_accept", DIR, 0, Place.Out);
  const socket = wasi.memory.getU32(Place.Out);
  wasi.interrupt.raise();
  assert.equal(wasi.read(socket), "");
  wasi.interrupt.raise();
  wasi.ok("sock_recv", socket, ...wasi.iovec(Place.Buffer, 9), 2, Place.Out, Place.Out + 4);
  assert.equal(wasi.memory.getU32(Place.Out), 0);
});

Deno.test("sock_* refuse other descriptors, and unknown flags", () => {
  const { wasi } = listening();
  using _wasi = wasi;
  using folder = new TestFolder();
  using files = new WasiHost({ preopens: [{ host: folder.path, guest: "/" }] });
  const file = files.open("file", { oflags: OFlag.Creat });
  for (const fd of [file, DIR]) {
    files.fails("ENOTSOCK", "sock_accept", fd, 0, Place.Out);
    files.fails("ENOTSOCK", "sock_recv", fd, ...files.iovec(0, 1), 0, Place.Out, Place.Out);
    files.fails("ENOTSOCK", "sock_send", fd, ...files.iovec(0, 1), 0, Place.Out);
    files.fails("ENOTSOCK", "sock_shutdown", fd, 1);
  }
  wasi.fails("EBADF", "sock_shutdown", 99, 1);
  wasi.fails("EINVAL", "sock_shutdown", DIR, 0);
  wasi.fails("EINVAL", "sock_shutdown", DIR, 4);
  wasi.fails("EINVAL", "sock_accept", DIR, 1, Place.Out);
  wasi.fails("EINVAL", "sock_recv", DIR, ...wasi.iovec(0, 1), 4, Place.Out, Place.Out);
  wasi.fails("EINVAL", "sock_send", DIR, ...wasi.iovec(0, 1), 1, Place.Out);
  wasi.fails("ENOTCONN", "sock_recv", DIR, ...wasi.iovec(0, 1), 0, Place.Out, Place.Out);
  wasi.fails("EFAULT", "sock_accept", DIR, 0, -1);
});
