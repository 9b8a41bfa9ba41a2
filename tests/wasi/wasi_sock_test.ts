/** `sock_*`: connections of a granted socket. */
import assert from "node:assert/strict";
import { FileType } from "../../runtime/wasi/filestat.ts";
import { TestFolder } from "../support/folder.ts";
import { DIR, OFlag, Place, WasiHost } from "../support/wasi_host.ts";
import { indexes, NONBLOCK, poll } from "../support/wasi_poll.ts";

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
