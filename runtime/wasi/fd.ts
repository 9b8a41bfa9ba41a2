/** `fd_*`, as far as the standard streams go. */
import { system } from "../../ffi/mod.ts";
import type { GuestMemory } from "../guest_memory.ts";
import type { WasiContext, WasiFunctions } from "./context.ts";
import { fromResult, wasiErrno } from "./errno.ts";
import { RIGHT_FD_SEEK, RIGHT_FD_TELL, RIGHT_FD_WRITE } from "./fd_table.ts";

/** What a shell reports for a program that SIGPIPE ended. */
const EXIT_BROKEN_PIPE = 128 + 13;

const CIOVEC_BYTES = 8;
/** A guest that gives more sees a short write. */
const MAX_SINK_PARTS = 1024;
const MAX_SINK_BYTES = 1024 * 1024;

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
  const { memory, fds, isTerminable = false, interrupt } = context;
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
      if (entry.sink !== undefined) {
        return writeToSink(memory, entry.sink, iovs >>> 0, count >>> 0, written >>> 0);
      }
      const { hostFd } = entry;
      const { linear } = memory;
      const result = isTerminable
        ? system.writeSome(hostFd, linear, iovs >>> 0, count >>> 0, written >>> 0, interrupt)
        : system.write(hostFd, linear, iovs >>> 0, count >>> 0, written >>> 0);
      const errno = fromResult(result);
      // Nobody reads any more: end as other programs do, rather than let the guest write on.
      if (errno === wasiErrno("EPIPE")) context.exit(EXIT_BROKEN_PIPE);
      return errno;
    },
  };
}

/** Gathers ciovecs, a part of them when there is much, for a function of the embedder's. */
function writeToSink(
  memory: GuestMemory,
  sink: (bytes: Uint8Array<ArrayBuffer>) => void,
  iovs: number,
  count: number,
  written: number,
): number {
  memory.bytes(iovs, Math.min(count * CIOVEC_BYTES, 0xffff_ffff));
  memory.bytes(written, 4);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let total = 0;
  for (let i = 0; i < Math.min(count, MAX_SINK_PARTS) && total < MAX_SINK_BYTES; i++) {
    const size = memory.getU32(iovs + i * CIOVEC_BYTES + 4);
    const part = memory.bytes(memory.getU32(iovs + i * CIOVEC_BYTES), size);
    parts.push(part.subarray(0, MAX_SINK_BYTES - total));
    total += Math.min(size, MAX_SINK_BYTES - total);
  }
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  sink(bytes);
  memory.setU32(written, total);
  return 0;
}

/** Writes an `fdstat` of 24 bytes: filetype, flags, rights, inheriting rights. */
function fdstatGet({ memory, fds }: WasiContext, fd: number, out: number): number {
  const entry = fds.get(fd);
  if (entry === undefined) return wasiErrno("EBADF");
  const type = entry.sink === undefined ? system.fileType(entry.hostFd) : 0;
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
