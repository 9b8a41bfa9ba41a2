/** `fd_*`, as far as the standard streams go. */
import { system } from "../../ffi/mod.ts";
import type { WasiContext, WasiFunctions } from "./context.ts";
import { fromResult, wasiErrno } from "./errno.ts";
import { RIGHT_FD_SEEK, RIGHT_FD_TELL, RIGHT_FD_WRITE } from "./fd_table.ts";

/** What a shell reports for a program that SIGPIPE ended. */
const EXIT_BROKEN_PIPE = 128 + 13;

const TYPE_CHARACTER_DEVICE = 2;

/** `S_IFMT` bits to `filetype` of the specification; a pipe has none and is unknown. */
const FILE_TYPES = new Map([
  [0o060000, 1], // block_device
  [0o020000, TYPE_CHARACTER_DEVICE],
  [0o040000, 3], // directory
  [0o100000, 4], // regular_file
  [0o140000, 6], // socket_stream
]);

export function fdFunctions(context: WasiContext): WasiFunctions {
  const { memory, fds } = context;
  return {
    "fd_close": (fd: number) => fds.close(fd) ? 0 : wasiErrno("EBADF"),
    "fd_fdstat_get": (fd: number, out: number) => fdstatGet(context, fd, out),
    // Preopened folders start at 3; EBADF tells the guest's libc that there are no more.
    "fd_prestat_get": (_fd: number, _out: number) => wasiErrno("EBADF"),
    "fd_prestat_dir_name": (_fd: number, _path: number, _size: number) => wasiErrno("EBADF"),
    "fd_write": (fd: number, iovs: number, count: number, written: number) => {
      const entry = fds.get(fd);
      if (entry === undefined) return wasiErrno("EBADF");
      if ((entry.rights & RIGHT_FD_WRITE) === 0n) return wasiErrno("ENOTCAPABLE");
      const result = system.write(
        entry.hostFd,
        memory.linear,
        iovs >>> 0,
        count >>> 0,
        written >>> 0,
      );
      const errno = fromResult(result);
      // Nobody reads any more: end as other programs do, rather than let the guest write on.
      if (errno === wasiErrno("EPIPE")) context.exit(EXIT_BROKEN_PIPE);
      return errno;
    },
  };
}

/** Writes an `fdstat` of 24 bytes: filetype, flags, rights, inheriting rights. */
function fdstatGet({ memory, fds }: WasiContext, fd: number, out: number): number {
  const entry = fds.get(fd);
  if (entry === undefined) return wasiErrno("EBADF");
  const type = system.fileType(entry.hostFd);
  if (type < 0) return fromResult(type);
  const fdstat = memory.bytes(out, 24);
  fdstat.fill(0);
  fdstat[0] = FILE_TYPES.get(type) ?? 0;
  // To wasi-libc's isatty() a terminal is a character device that does not seek.
  const seeks = fdstat[0] === TYPE_CHARACTER_DEVICE && !system.isTerminal(entry.hostFd);
  const rights = seeks ? entry.rights | RIGHT_FD_SEEK | RIGHT_FD_TELL : entry.rights;
  memory.setU64((out >>> 0) + 8, rights);
  return 0;
}
