/** `sock_*`: on sockets that were handed in, and those accepted on them. */
import { errno, files, sockets } from "../../ffi/mod.ts";
import type { WasiContext, WasiFunctions } from "./context.ts";
import { fromResult, wasiErrno } from "./errno.ts";
import { FdFlag } from "./fd_flags.ts";
import { Descriptor } from "./fd_table.ts";
import { FileType } from "./filetype.ts";
import { Right, SOCKET_RIGHTS } from "./rights.ts";

/** `riflags`, and recvmsg(2)'s flags for them. */
const RECV_PEEK = 1;
const RECV_WAITALL = 2;
const MSG_PEEK = 0x2;
const MSG_WAITALL = 0x100;

/** `sdflags`, by which shutdown(2)'s numbers are one less. */
const SHUT_ALL = 3;

export function sockFunctions(context: WasiContext): WasiFunctions {
  const { memory, fds, interrupt, attend } = context;
  /** A socket that has the right, or what to answer. */
  const find = (fd: number, right: number): Descriptor | number => {
    const entry = fds.get(fd);
    if (entry === undefined) return wasiErrno("EBADF");
    if (entry.type !== FileType.SocketStream) return wasiErrno("ENOTSOCK");
    return (entry.rights & right) === 0 ? wasiErrno("ENOTCAPABLE") : entry;
  };
  /** Calls again what was interrupted for somebody's attention. */
  const attending = (call: () => number): number => {
    for (;;) {
      const result = call();
      if (result !== -errno("ERESTART")) return result;
      attend();
    }
  };
  /** The same, but for what a poll has ended. */
  const unlessCutOff = (entry: Descriptor, call: () => number): number =>
    entry.takeCutOff() ? -errno("EINTR") : attending(call);
  const waiting = ({ flags }: Descriptor) => ({
    interrupt,
    waits: (flags & FdFlag.Nonblock) === 0,
  });
  return {
    "sock_accept": (fd: number, flags: number, out: number) => {
      const entry = find(fd, Right.SockAccept);
      if (typeof entry === "number") return entry;
      if ((flags & 0xffff & ~FdFlag.Nonblock) !== 0) return wasiErrno("EINVAL");
      memory.bytes(out, 4);
      const accepted = unlessCutOff(entry, () => sockets.accept(entry.hostFd, waiting(entry)));
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
    },
    "sock_recv": (
      ...[fd, iovs, count, flags, sizeOut, flagsOut]: [
        ...[fd: number, iovs: number, count: number],
        ...[flags: number, sizeOut: number, flagsOut: number],
      ]
    ) => {
      const entry = find(fd, Right.FdRead);
      if (typeof entry === "number") return entry;
      if ((flags & 0xffff & ~(RECV_PEEK | RECV_WAITALL)) !== 0) return wasiErrno("EINVAL");
      memory.bytes(flagsOut, 2);
      const how = (flags & RECV_PEEK ? MSG_PEEK : 0) | (flags & RECV_WAITALL ? MSG_WAITALL : 0);
      const list = { iovs: iovs >>> 0, count: count >>> 0, out: sizeOut >>> 0, flags: how };
      const result = unlessCutOff(
        entry,
        () => sockets.receive(entry.hostFd, memory.linear, list, waiting(entry)),
      );
      // As for fd_read: at the end of what comes in, every program leaves its loop.
      if (result === -errno("EINTR")) memory.setU32(sizeOut, 0);
      else if (result < 0) return fromResult(result);
      memory.setU16(flagsOut, result === 1 ? 1 : 0);
      return 0;
    },
    "sock_send": (fd: number, iovs: number, count: number, flags: number, out: number) => {
      const entry = find(fd, Right.FdWrite);
      if (typeof entry === "number") return entry;
      if ((flags & 0xffff) !== 0) return wasiErrno("EINVAL");
      const list = { iovs: iovs >>> 0, count: count >>> 0, out: out >>> 0 };
      return fromResult(
        attending(() => sockets.send(entry.hostFd, memory.linear, list, waiting(entry))),
      );
    },
    "sock_shutdown": (fd: number, how: number) => {
      const entry = find(fd, Right.SockShutdown);
      if (typeof entry === "number") return entry;
      const which = how & 0xff;
      if (which === 0 || which > SHUT_ALL) return wasiErrno("EINVAL");
      return fromResult(sockets.shutdown(entry.hostFd, which - 1));
    },
  };
}
