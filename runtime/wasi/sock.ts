/** `sock_*`: on sockets that were handed in, and those accepted on them. */
import { errno, files, sockets } from "../../ffi/mod.ts";
import type { WasiContext, WasiFunctions } from "./context.ts";
import { fromResult, wasiErrno } from "./errno.ts";
import { Descriptor, FdFlag } from "./fd_table.ts";
import { FileType } from "./filestat.ts";
import { Right, SOCKET_RIGHTS } from "./rights.ts";

/** `riflags`, and recvmsg(2)'s flags for them. */
const RECV_PEEK = 1;
const RECV_WAITALL = 2;
const MSG_PEEK = 0x2;
const MSG_WAITALL = 0x100;

/** `sdflags`, by which shutdown(2)'s numbers are one less. */
const SHUT_ALL = 3;

export function sockFunctions(context: WasiContext): WasiFunctions {
  const calls = new SocketCalls(context);
  return {
    /**
     * Accepts a connection on a socket that was granted.
     *
     * `flags`: 0 or nonblock. `out`: u32 written, the descriptor.
     *
     * EBADF: `fd` is not open. ENOTSOCK: not a socket. ENOTCAPABLE: `fd` lacks the right
     * `sock_accept`. EINVAL: unknown flags, or not listening. EAGAIN: none there, and the
     * descriptor does not wait. EMFILE: the guest has too many. ENFILE: as accept4(2). ECANCELED:
     * an interrupt, since libraries retry EINTR for ever. EFAULT: a range is outside of the
     * memory.
     */
    "sock_accept": (fd: number, flags: number, out: number) => calls.accept(fd, flags, out),
    /**
     * Receives from a connection.
     *
     * `flags`: peek, waitall. `iovs`, `count`: iovecs, read; their buffers, written. `sizeOut`:
     * u32 written, bytes; 0 at the end, and after an interrupt. `flagsOut`: u16 written, 1 when a
     * datagram was cut.
     *
     * EBADF: `fd` is not open. ENOTSOCK: not a socket. ENOTCAPABLE: `fd` lacks the right
     * `fd_read`. EINVAL: unknown flags. EAGAIN: nothing there, and the descriptor does not wait.
     * ECONNRESET, ENOTCONN: as recvmsg(2). EINTR is never returned. EFAULT: a range is outside of
     * the memory.
     */
    "sock_recv": (
      ...[fd, iovs, count, flags, sizeOut, flagsOut]: [
        ...[fd: number, iovs: number, count: number],
        ...[flags: number, sizeOut: number, flagsOut: number],
      ]
    ) => calls.receive(fd, { iovs, count, flags, sizeOut, flagsOut }),
    /**
     * Sends on a connection.
     *
     * `flags`: 0. `iovs`, `count`: ciovecs and their buffers, read. `out`: u32 written, bytes.
     *
     * EBADF: `fd` is not open. ENOTSOCK: not a socket. ENOTCAPABLE: `fd` lacks the right
     * `fd_write`. EINVAL: a flag. EAGAIN: full, and the descriptor does not wait. EPIPE, ENOTCONN:
     * as sendmsg(2). EINTR is never returned: an interrupted send is short. EFAULT: a range is
     * outside of the memory.
     */
    "sock_send": (fd: number, iovs: number, count: number, flags: number, out: number) =>
      calls.send(fd, { iovs, count, flags, out }),
    /**
     * Ends receiving, sending or both.
     *
     * `how`: 1 receive, 2 send, 3 both.
     *
     * EBADF: `fd` is not open. ENOTSOCK: not a socket. ENOTCAPABLE: `fd` lacks the right
     * `sock_shutdown`. EINVAL: another number. ENOTCONN: as shutdown(2).
     */
    "sock_shutdown": (fd: number, how: number) => calls.shutdown(fd, how & 0xff),
  };
}

/** Socket functions of one guest. Each returns an errno. */
class SocketCalls {
  readonly #context: WasiContext;

  constructor(context: WasiContext) {
    this.#context = context;
  }

  accept(fd: number, flags: number, out: number): number {
    const entry = this.#find(fd, Right.SockAccept);
    if (typeof entry === "number") return entry;
    if ((flags & 0xffff & ~FdFlag.Nonblock) !== 0) return wasiErrno("EINVAL");
    const { memory, fds } = this.#context;
    memory.bytes(out, 4);
    const accepted = this.#unlessCutOff(
      entry,
      () => sockets.accept(entry.hostFd, this.#waiting(entry)),
    );
    // EINTR would be tried again, by C's programs and Go's library.
    if (accepted === -errno("EINTR")) return wasiErrno("ECANCELED");
    if (accepted < 0) return fromResult(accepted);
    const made = fds.add(
      new Descriptor({
        hostFd: accepted,
        type: FileType.SocketStream,
        rights: SOCKET_RIGHTS & ~Right.SockAccept,
        flags: flags & FdFlag.Nonblock,
        release: files.close,
      }),
    );
    if (made < 0) {
      files.close(accepted);
      return wasiErrno("EMFILE");
    }
    memory.setU32(out, made);
    return 0;
  }

  receive(
    fd: number,
    { iovs, count, flags, sizeOut, flagsOut }: {
      iovs: number;
      count: number;
      flags: number;
      sizeOut: number;
      flagsOut: number;
    },
  ): number {
    const entry = this.#find(fd, Right.FdRead);
    if (typeof entry === "number") return entry;
    if ((flags & 0xffff & ~(RECV_PEEK | RECV_WAITALL)) !== 0) return wasiErrno("EINVAL");
    const { memory } = this.#context;
    memory.bytes(flagsOut, 2);
    const how = (flags & RECV_PEEK ? MSG_PEEK : 0) | (flags & RECV_WAITALL ? MSG_WAITALL : 0);
    const list = { iovs: iovs >>> 0, count: count >>> 0, out: sizeOut >>> 0, flags: how };
    const result = this.#unlessCutOff(
      entry,
      () => sockets.receive(entry.hostFd, memory.linear, list, this.#waiting(entry)),
    );
    // As for fd_read: at the end of what comes in, every program leaves its loop.
    if (result === -errno("EINTR")) memory.setU32(sizeOut, 0);
    else if (result < 0) return fromResult(result);
    memory.setU16(flagsOut, result === 1 ? 1 : 0);
    return 0;
  }

  send(
    fd: number,
    { iovs, count, flags, out }: { iovs: number; count: number; flags: number; out: number },
  ): number {
    const entry = this.#find(fd, Right.FdWrite);
    if (typeof entry === "number") return entry;
    if ((flags & 0xffff) !== 0) return wasiErrno("EINVAL");
    const { linear } = this.#context.memory;
    const list = { iovs: iovs >>> 0, count: count >>> 0, out: out >>> 0 };
    return fromResult(
      this.#attending(() => sockets.send(entry.hostFd, linear, list, this.#waiting(entry))),
    );
  }

  shutdown(fd: number, which: number): number {
    const entry = this.#find(fd, Right.SockShutdown);
    if (typeof entry === "number") return entry;
    if (which === 0 || which > SHUT_ALL) return wasiErrno("EINVAL");
    return fromResult(sockets.shutdown(entry.hostFd, which - 1));
  }

  /** Returns the socket if it has the right, else an errno. */
  #find(fd: number, right: number): Descriptor | number {
    const entry = this.#context.fds.get(fd);
    if (entry === undefined) return wasiErrno("EBADF");
    if (entry.type !== FileType.SocketStream) return wasiErrno("ENOTSOCK");
    return (entry.rights & right) === 0 ? wasiErrno("ENOTCAPABLE") : entry;
  }

  #waiting({ flags }: Descriptor) {
    const waits = (flags & FdFlag.Nonblock) === 0;
    return { interrupt: this.#context.interrupt, waits };
  }

  /** Repeats a call that was interrupted for attention. */
  #attending(call: () => number): number {
    for (;;) {
      const result = call();
      if (result !== -errno("ERESTART")) return result;
      this.#context.attend();
    }
  }

  /** Repeats an interrupted call, unless a poll has cut the input off. */
  #unlessCutOff(entry: Descriptor, call: () => number): number {
    return entry.takeCutOff() ? -errno("EINTR") : this.#attending(call);
  }
}
