/** Datagram sockets with a path, which Deno has for unstable programs only. */
const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

const { symbols } = Deno.dlopen("libc.so.6", SYMBOLS);

const AF_UNIX = 1, SOCK_DGRAM = 2, MSG_DONTWAIT = 0x40;

/** Socket that receives datagrams. */
export interface Datagrams extends Disposable {
  /** Returns the next datagram; empty without one. */
  receive(): string;
}

/** Binds a socket to a path. */
export function bindDatagram(path: string): Datagrams {
  const fd = symbols.socket(AF_UNIX, SOCK_DGRAM, 0);
  const address = new Uint8Array(110);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(new TextEncoder().encode(path), 2);
  if (fd < 0 || symbols.bind(fd, address, address.length) !== 0) {
    throw new Error(`no socket: ${path}`);
  }
  return {
    receive() {
      const bytes = new Uint8Array(65536);
      const size = Number(symbols.recv(fd, bytes, BigInt(bytes.length), MSG_DONTWAIT));
      return new TextDecoder().decode(bytes.subarray(0, Math.max(0, size)));
    },
    [Symbol.dispose]() {
      symbols.close(fd);
    },
  };
}
