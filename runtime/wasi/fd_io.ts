/** `fd_*` that read, and the rest of what is done with a file's content. */
import { errno, files, sockets, type Vectors } from "../../ffi/mod.ts";
import type { GuestMemory } from "../guest_memory.ts";
import { orFault, type WasiContext, type WasiFunctions } from "./context.ts";
import { fromResult, wasiErrno } from "./errno.ts";
import { type Descriptor, FdFlag, type Source } from "./fd_table.ts";
import { FileType } from "./filestat.ts";
import { Right } from "./rights.ts";

const IOVEC_BYTES = 8;

/** posix_fadvise(3)'s number on Linux for each `advice`. */
const ADVICE = [0, 2, 1, 3, 4, 5] as const;

export function fdIoFunctions(context: WasiContext): WasiFunctions {
  const { memory, fds } = context;
  const [badf, notCapable] = [wasiErrno("EBADF"), wasiErrno("ENOTCAPABLE")];
  const again = -errno("EAGAIN");
  /** Returns the descriptor if it has all of these rights, else an errno. */
  const find = (fd: number, rights: number): Descriptor | number => {
    const entry = fds.get(fd);
    if (entry === undefined) return badf;
    return (entry.rights & rights) === rights ? entry : notCapable;
  };
  return {
    /**
     * Reads from a descriptor.
     *
     * `iovs`, `count`: iovecs, read; their buffers, written. `out`: u32 written, bytes; 0 at the
     * end, and after an interrupt.
     *
     * EBADF: `fd` is not open. ENOTCAPABLE: `fd` lacks the right `fd_read`. EFAULT: a range is
     * outside of the memory. EAGAIN: nothing there, and the descriptor does not wait. EIO, EISDIR:
     * as readv(2). EINTR is never returned: it reads as the end.
     */
    "fd_read": (fd: number, iovs: number, count: number, out: number) => {
      const entry = fds.get(fd);
      if (entry === undefined) return badf;
      if ((entry.rights & Right.FdRead) === 0) return notCapable;
      if (entry.source !== undefined || !entry.isFile) {
        return readSlowly(context, entry, { iovs: iovs >>> 0, count: count >>> 0, out: out >>> 0 });
      }
      const { linear } = memory;
      const result = files.read(entry.hostFd, linear, iovs >>> 0, count >>> 0, out >>> 0);
      if (result >= 0) return 0;
      // Files of tracefs and /proc can report that no data is available yet.
      return result === again
        ? readSlowly(context, entry, { iovs: iovs >>> 0, count: count >>> 0, out: out >>> 0 })
        : fromResult(result);
    },
    /**
     * Reads at an offset, without moving the offset of the file.
     *
     * `iovs`, `count`: iovecs, read; their buffers, written. `out`: u32 written, bytes.
     *
     * EBADF: `fd` is not open. ENOTCAPABLE: `fd` lacks `fd_read` or `fd_seek`. EFAULT: a range is
     * outside of the memory. EINVAL: a negative offset, or more than 1024 iovecs. EIO, EISDIR,
     * ESPIPE: as preadv(2).
     */
    "fd_pread": (fd: number, iovs: number, count: number, offset: bigint, out: number) => {
      const entry = find(fd, Right.FdRead | Right.FdSeek);
      if (typeof entry === "number") return entry;
      if (entry.hostFd < 0) return wasiErrno("ESPIPE");
      const list = { iovs: iovs >>> 0, count: count >>> 0, out: out >>> 0 };
      return fromResult(files.pread(entry.hostFd, memory.linear, list, offset));
    },
    /**
     * Writes at an offset, without moving the offset of the file.
     *
     * `iovs`, `count`: ciovecs and their buffers, read. `out`: u32 written, bytes.
     *
     * EBADF: `fd` is not open. ENOTCAPABLE: `fd` lacks `fd_write` or `fd_seek`. EFAULT: a range is
     * outside of the memory. EINVAL: a negative offset, or more than 1024 ciovecs. EFBIG, EIO,
     * ENOSPC, ESPIPE: as pwritev(2).
     */
    "fd_pwrite": (fd: number, iovs: number, count: number, offset: bigint, out: number) => {
      const entry = find(fd, Right.FdWrite | Right.FdSeek);
      if (typeof entry === "number") return entry;
      if (entry.hostFd < 0) return wasiErrno("ESPIPE");
      const list = { iovs: iovs >>> 0, count: count >>> 0, out: out >>> 0 };
      return fromResult(files.pwrite(entry.hostFd, memory.linear, list, offset));
    },
    /**
     * Moves a descriptor to the number of another, which is closed.
     *
     * `to` must be open.
     *
     * EBADF: one of them is not open.
     */
    "fd_renumber": (from: number, to: number) => {
      const result = fds.renumber(from, to);
      return result === undefined ? badf : fromResult(result);
    },
    /**
     * Writes data and attributes of a file to its disk.
     *
     * EBADF: `fd` is not open. ENOTCAPABLE: `fd` lacks the right `fd_sync`. EINVAL: nothing that
     * can be synchronized. EIO: the disk failed.
     */
    "fd_sync": (fd: number) => sync(find(fd, Right.FdSync), false),
    /**
     * Writes the data of a file to its disk.
     *
     * EBADF: `fd` is not open. ENOTCAPABLE: `fd` lacks the right `fd_datasync`. EINVAL: nothing
     * that can be synchronized. EIO: the disk failed.
     */
    "fd_datasync": (fd: number) => sync(find(fd, Right.FdDatasync), true),
    /**
     * Passes on how a file will be used.
     *
     * `offset`, `len`: range in bytes, 0 for the rest. `advice`: normal, sequential, random,
     * willneed, dontneed, noreuse.
     *
     * EBADF: `fd` is not open. ENOTCAPABLE: `fd` lacks the right `fd_advise`. EINVAL: unknown
     * advice, or a negative range. ESPIPE: not a file.
     */
    "fd_advise": (fd: number, offset: bigint, sizeBytes: bigint, advice: number) => {
      const entry = find(fd, Right.FdAdvise);
      if (typeof entry === "number") return entry;
      const ours = ADVICE[advice & 0xff];
      if (ours === undefined || offset < 0n || sizeBytes < 0n) return wasiErrno("EINVAL");
      return fromResult(files.advise(entry.hostFd, { offset, sizeBytes }, ours));
    },
    /**
     * Reserves space for a file.
     *
     * `offset`, `len`: range in bytes; the file grows to its end.
     *
     * EBADF: `fd` is not open. ENOTCAPABLE: `fd` lacks the right `fd_allocate`. EINVAL: an empty
     * or negative range. EFBIG, ENOSPC, EIO, EINTR: as posix_fallocate(3). ESPIPE, ENODEV: not a
     * regular file.
     */
    "fd_allocate": (fd: number, offset: bigint, sizeBytes: bigint) => {
      const entry = find(fd, Right.FdAllocate);
      if (typeof entry === "number") return entry;
      return fromResult(files.allocate(entry.hostFd, { offset, sizeBytes }));
    },
  };
}

/**
 * Reads from anything except a file. Separate from `fd_read`, where a closure would allocate on
 * each call.
 */
function readSlowly(context: WasiContext, entry: Descriptor, list: Vectors): number {
  const { source } = entry;
  return orFault(() =>
    source === undefined
      ? readWaiting(context, entry, list)
      : readFromSource(context.memory, source, list)
  );
}

/** Streams of the embedder have no descriptor; like a pipe, they have nothing to synchronize. */
function sync(entry: Descriptor | number, dataOnly: boolean): number {
  if (typeof entry === "number") return entry;
  return entry.hostFd < 0 ? wasiErrno("EINVAL") : fromResult(files.sync(entry.hostFd, dataOnly));
}

/**
 * Reads a descriptor that may block.
 *
 * An interrupt reads as the end of the input, not as EINTR, since Ctrl-C asks the guest to finish.
 * Rust's and Go's libraries retry an interrupted read forever; at the end of the input every
 * program leaves its loop. Go waits by `poll_oneoff`, which sets a flag for this.
 */
function readWaiting(context: WasiContext, entry: Descriptor, list: Vectors): number {
  const { memory, interrupt, attend } = context;
  const waits = (entry.flags & FdFlag.Nonblock) === 0;
  const read = () =>
    entry.type === FileType.SocketStream
      ? sockets.receive(entry.hostFd, memory.linear, { ...list, flags: 0 }, { interrupt, waits })
      : files.readWait(entry.hostFd, memory.linear, list, { interrupt, waits });
  for (;;) {
    const result = entry.takeCutOff() ? -errno("EINTR") : read();
    if (result === -errno("ERESTART")) {
      attend();
      continue;
    }
    if (result !== -errno("EINTR")) return fromResult(result);
    memory.setU32(list.out, 0);
    return 0;
  }
}

/** Fills the first non-empty iovec from a function of the embedder. */
function readFromSource(memory: GuestMemory, source: Source, list: Vectors): number {
  const { iovs, count, out } = list;
  memory.bytes(iovs, Math.min(count * IOVEC_BYTES, 0xffff_ffff));
  memory.setU32(out, 0);
  for (let i = 0; i < count; i++) {
    const size = memory.getU32(iovs + i * IOVEC_BYTES + 4);
    if (size === 0) continue;
    const at = memory.getU32(iovs + i * IOVEC_BYTES);
    memory.bytes(at, size);
    const bytes = source(size);
    // The function may have made the memory grow, or have given too much.
    memory.write(at, bytes.subarray(0, size));
    memory.setU32(out, Math.min(bytes.length, size));
    return 0;
  }
  return 0;
}
