/** `fd_*` that every program has: writing, seeking, closing, and what a descriptor is. */
import { concat } from "../../ffi/bytes.ts";
import { errno, system } from "../../ffi/mod.ts";
import type { GuestMemory } from "../guest_memory.ts";
import { orFault, type WasiContext, type WasiFunctions } from "./context.ts";
import { fromResult, wasiErrno } from "./errno.ts";
import { type Descriptor, DISCARD, FdFlag, type Sink } from "./fd_table.ts";
import { FileType } from "./filestat.ts";
import { Right } from "./rights.ts";

/** Exit code that a shell reports for a program ended by SIGPIPE. */
const EXIT_BROKEN_PIPE = 128 + 13;

const CIOVEC_BYTES = 8;
const FDSTAT_BYTES = 24;
/** A guest that gives more sees a short write. */
const MAX_SINK_PARTS = 1024;
const MAX_SINK_BYTES = 1024 * 1024;

/** lseek(2)'s `SEEK_SET`, `SEEK_CUR` and `SEEK_END` for the specification's `whence`. */
const WHENCE = [0, 1, 2] as const;
const UNSTABLE_WHENCE = [1, 2, 0] as const;
const SEEK_CUR = 1;

export function fdFunctions(context: WasiContext): WasiFunctions {
  const { fds } = context;
  return {
    /**
     * Closes a descriptor.
     *
     * Standard streams of the host stay open for the host.
     *
     * EBADF: `fd` is not open. EIO, EINTR: as close(2); the descriptor is closed all the same.
     */
    "fd_close": (fd: number) => {
      const result = fds.close(fd);
      return result === undefined ? wasiErrno("EBADF") : fromResult(result);
    },
    /**
     * Writes the kind, flags and rights of a descriptor.
     *
     * `out`: fdstat of 24 bytes, written. A terminal shows no right to seek: the test of
     * isatty(3).
     *
     * EBADF: `fd` is not open. EFAULT: a range is outside of the memory.
     */
    "fd_fdstat_get": (fd: number, out: number) => fdstatGet(context, fd, out),
    /**
     * Writes the kind of a preopened directory and the length of its name.
     *
     * `out`: prestat of 8 bytes, written.
     *
     * EBADF: `fd` is not a preopened directory, which ends the search of the libc. EFAULT: a range
     * is outside of the memory.
     */
    "fd_prestat_get": (fd: number, out: number) => prestatGet(context, fd, out),
    /**
     * Writes the name of a preopened directory.
     *
     * `path`: bytes written, without NUL. `size`: room.
     *
     * EBADF: `fd` is not a preopened directory. ENAMETOOLONG: `size` is less than the name.
     * EFAULT: a range is outside of the memory.
     */
    "fd_prestat_dir_name": (fd: number, path: number, size: number) =>
      prestatDirName(context, fd, { path, size }),
    /**
     * Writes to a descriptor.
     *
     * `iovs`, `count`: ciovecs and their buffers, read. `out`: u32 written, bytes. A broken pipe
     * ends the guest with 141, as SIGPIPE would.
     *
     * EBADF: `fd` is not open. ENOTCAPABLE: `fd` lacks the right `fd_write`. EFAULT: a range is
     * outside of the memory. EAGAIN: full, and the descriptor does not wait. EFBIG, EIO, ENOSPC,
     * EPIPE (sockets): as writev(2). EINTR is never returned: an interrupted write is short.
     */
    "fd_write": writeFunction(context),
    ...seekFunctions(context),
  };
}

function seekFunctions({ memory, fds, isUnstable = false }: WasiContext): WasiFunctions {
  const whences: readonly number[] = isUnstable ? UNSTABLE_WHENCE : WHENCE;
  const seek = (fd: number, offset: bigint, whence: number, out: number): number => {
    const entry = fds.get(fd);
    if (entry === undefined) return wasiErrno("EBADF");
    const asks = offset === 0n && whence === SEEK_CUR;
    if ((entry.rights & (asks ? Right.FdSeek | Right.FdTell : Right.FdSeek)) === 0) {
      return wasiErrno("ENOTCAPABLE");
    }
    if (entry.hostFd < 0) return wasiErrno("ESPIPE");
    return fromResult(system.seek(entry.hostFd, { offset, whence }, memory.linear, out >>> 0));
  };
  return {
    /**
     * Moves the offset of a file.
     *
     * `offset`: bytes. `whence`: set, cur, end. `out`: u64 written, the new offset. A standard
     * stream that the host shares moves forward only.
     *
     * EBADF: `fd` is not open. ENOTCAPABLE: `fd` lacks `fd_seek` (`fd_tell` to read the offset).
     * EINVAL: unknown whence, or before the start. EOVERFLOW, ESPIPE: as lseek(2). EFAULT: a range
     * is outside of the memory.
     */
    "fd_seek": (fd: number, offset: bigint, whence: number, out: number) => {
      const ours = whences[whence & 0xff];
      return ours === undefined ? wasiErrno("EINVAL") : seek(fd, offset, ours, out);
    },
    /**
     * Writes the offset of a file.
     *
     * `out`: u64 written, bytes.
     *
     * EBADF: `fd` is not open. ENOTCAPABLE: `fd` lacks `fd_seek` and `fd_tell`. ESPIPE: as
     * lseek(2). EFAULT: a range is outside of the memory.
     */
    "fd_tell": (fd: number, out: number) => seek(fd, 0n, SEEK_CUR, out),
  };
}

/** Returns `fd_write`. Guests call it a few million times a second: it must not allocate. */
function writeFunction(
  context: WasiContext,
): (fd: number, iovs: number, count: number, written: number) => number {
  const { memory, fds } = context;
  const [badf, notCapable, pipe] = [
    wasiErrno("EBADF"),
    wasiErrno("ENOTCAPABLE"),
    wasiErrno("EPIPE"),
  ];
  const write = hostWrite(context);
  return (fd, iovs, count, written) => {
    const entry = fds.get(fd);
    if (entry === undefined) return badf;
    if ((entry.rights & Right.FdWrite) === 0) return notCapable;
    if (entry.sink !== undefined) {
      return answerSink(memory, entry.sink, { iovs, count, written });
    }
    const result = write(entry, iovs >>> 0, count >>> 0, written >>> 0);
    if (result >= 0) return 0;
    const answer = fromResult(result);
    // The reader is gone: exit as other programs do, rather than let the guest write on.
    if (answer === pipe && entry.type !== FileType.SocketStream) context.exit(EXIT_BROKEN_PIPE);
    return answer;
  };
}

/** Writes to a descriptor of the host, by its kind. */
function hostWrite(
  context: WasiContext,
): (entry: Descriptor, iovs: number, count: number, written: number) => number {
  const { memory, interrupt, isTerminable = false } = context;
  const again = -errno("EAGAIN");
  const writeWaiting = (
    { hostFd }: Descriptor,
    ...[iovs, count, written]: [iovs: number, count: number, written: number]
  ): number => {
    for (;;) {
      const result = system.writeWait(hostFd, memory.linear, iovs, count, written, interrupt);
      if (result !== -errno("ERESTART")) return result;
      context.attend();
    }
  };
  return (entry, iovs, count, written) => {
    const { hostFd } = entry;
    const { linear } = memory;
    if (entry.isFile) {
      const result = system.write(hostFd, linear, iovs, count, written);
      if (result !== again) return result;
    }
    if ((entry.flags & FdFlag.Nonblock) !== 0) {
      return system.writeNow(hostFd, linear, iovs, count, written);
    }
    if (!entry.isStream || entry.isFile) return writeWaiting(entry, iovs, count, written);
    return isTerminable
      ? system.writeSome(hostFd, linear, iovs, count, written, interrupt)
      : system.write(hostFd, linear, iovs, count, written);
  };
}

/** Apart from `fd_write`, whose every call a closure in it would cost an allocation. */
function answerSink(memory: GuestMemory, sink: Sink, list: CiovecList): number {
  return orFault(() => sink === DISCARD ? discard(memory, list) : writeToSink(memory, sink, list));
}

/** Where ciovecs stand, how many there are, and where the number of bytes goes. */
interface CiovecList {
  iovs: number;
  count: number;
  written: number;
}

/** Checks and counts the bytes, then discards them. */
function discard(memory: GuestMemory, { iovs, count, written }: CiovecList): number {
  memory.bytes(iovs, Math.min((count >>> 0) * CIOVEC_BYTES, 0xffff_ffff));
  let total = 0;
  for (let i = 0; i < Math.min(count >>> 0, MAX_SINK_PARTS); i++) {
    const at = (iovs >>> 0) + i * CIOVEC_BYTES;
    const size = memory.getU32(at + 4);
    if (!memory.contains(memory.getU32(at), size)) return wasiErrno("EFAULT");
    // Vectors may name the same memory repeatedly.
    if (total + size > 0xffff_ffff) break;
    total += size;
  }
  memory.setU32(written, total);
  return 0;
}

/** Passes ciovecs to a function of the embedder, in parts if they are large. */
function writeToSink(
  memory: GuestMemory,
  sink: Sink,
  list: CiovecList,
): number {
  const [iovs, count] = [list.iovs >>> 0, list.count >>> 0];
  memory.bytes(iovs, Math.min(count * CIOVEC_BYTES, 0xffff_ffff));
  memory.bytes(list.written, 4);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let total = 0;
  for (let i = 0; i < Math.min(count, MAX_SINK_PARTS) && total < MAX_SINK_BYTES; i++) {
    const size = memory.getU32(iovs + i * CIOVEC_BYTES + 4);
    const part = memory.bytes(memory.getU32(iovs + i * CIOVEC_BYTES), size);
    parts.push(part.subarray(0, MAX_SINK_BYTES - total));
    total += Math.min(size, MAX_SINK_BYTES - total);
  }
  sink(concat(parts));
  memory.setU32(list.written, total);
  return 0;
}

/**
 * Writes an `fdstat`: filetype, flags, rights, inheriting rights. wasi-libc asks for that of a folder
 * before each open: in words, not as bigints.
 */
function fdstatGet({ memory, fds }: WasiContext, fd: number, out: number): number {
  const entry = fds.get(fd);
  if (entry === undefined) return wasiErrno("EBADF");
  const { type } = entry;
  // To wasi-libc's isatty() a terminal is a character device that does not seek.
  const isTerminal = type === FileType.CharacterDevice && system.isTerminal(entry.hostFd);
  const rights = isTerminal ? entry.rights & ~(Right.FdSeek | Right.FdTell) : entry.rights;
  if (!memory.contains(out, FDSTAT_BYTES)) return wasiErrno("EFAULT");
  const at = out >>> 0;
  memory.setU32(at, type | entry.flags << 16);
  memory.setU32(at + 4, 0);
  memory.setU32(at + 8, rights);
  memory.setU32(at + 12, 0);
  memory.setU32(at + 16, entry.inheriting);
  memory.setU32(at + 20, 0);
  return 0;
}

/** Writes a `prestat` of 8 bytes. At EBADF, the guest's libc stops listing directories. */
function prestatGet({ memory, fds }: WasiContext, fd: number, out: number): number {
  const name = fds.get(fd)?.preopen;
  if (name === undefined) return wasiErrno("EBADF");
  memory.setU64(out, BigInt(name.length) << 32n);
  return 0;
}

function prestatDirName(
  { memory, fds }: WasiContext,
  fd: number,
  { path, size }: { path: number; size: number },
): number {
  const name = fds.get(fd)?.preopen;
  if (name === undefined) return wasiErrno("EBADF");
  if (size >>> 0 < name.length) return wasiErrno("ENAMETOOLONG");
  memory.bytes(path, size);
  memory.write(path, name);
  return 0;
}
