/** `fd_fdstat_set_*` and `fd_filestat_*`: what is known of a descriptor and its file. */
import { files } from "../../ffi/mod.ts";
import type { WasiContext, WasiFunctions } from "./context.ts";
import { fromResult, wasiErrno } from "./errno.ts";
import { ALL_FD_FLAGS, type Descriptor, FdFlag } from "./fd_table.ts";
import { putFilestat, STAT_BYTES, timesOf } from "./filestat.ts";
import { Right, rightsOf } from "./rights.ts";

/** Flags of an open file that fcntl(2) can change. */
const CHANGEABLE = FdFlag.Append | FdFlag.Nonblock;

export function fdMetadataFunctions(context: WasiContext): WasiFunctions {
  const { memory, fds, isUnstable = false } = context;
  const stat = new Uint8Array(STAT_BYTES);
  const find = (fd: number, right: number): Descriptor | number => {
    const entry = fds.get(fd);
    if (entry === undefined) return wasiErrno("EBADF");
    return (entry.rights & right) === 0 ? wasiErrno("ENOTCAPABLE") : entry;
  };
  return {
    /**
     * Changes the flags append and nonblock.
     *
     * `flags`: fdflags. The open file of the host changes only where the guest opened it.
     *
     * EBADF: `fd` is not open. ENOTCAPABLE: `fd` lacks the right `fd_fdstat_set_flags`. EINVAL:
     * unknown flags. ENOTSUP: another flag would change, or a shared stream would append.
     */
    "fd_fdstat_set_flags": (fd: number, flags: number) => {
      const entry = find(fd, Right.FdFdstatSetFlags);
      return typeof entry === "number" ? entry : setFlags(entry, flags & 0xffff);
    },
    /**
     * Takes rights away from a descriptor.
     *
     * `base`, `inheriting`: all that stays.
     *
     * EBADF: `fd` is not open. ENOTCAPABLE: a right would be added.
     */
    "fd_fdstat_set_rights": (fd: number, base: bigint, inheriting: bigint) => {
      const entry = fds.get(fd);
      if (entry === undefined) return wasiErrno("EBADF");
      const more = BigInt.asUintN(64, base) & ~BigInt(entry.rights) |
        BigInt.asUintN(64, inheriting) & ~BigInt(entry.inheriting);
      if (more !== 0n) return wasiErrno("ENOTCAPABLE");
      entry.rights = rightsOf(base);
      entry.inheriting = rightsOf(inheriting);
      return 0;
    },
    /**
     * Writes the attributes of an open file.
     *
     * `out`: filestat of 64 bytes (56 in snapshot 0), written; zeros for a stream of the embedder.
     *
     * EBADF: `fd` is not open. ENOTCAPABLE: `fd` lacks the right `fd_filestat_get`. EFAULT: a
     * range is outside of the memory.
     */
    "fd_filestat_get": (fd: number, out: number) => {
      const entry = find(fd, Right.FdFilestatGet);
      if (typeof entry === "number") return entry;
      stat.fill(0);
      const result = entry.hostFd < 0 ? 0 : files.stat(entry.hostFd, stat);
      if (result < 0) return fromResult(result);
      putFilestat(memory, out, { stat, isUnstable });
      return 0;
    },
    /**
     * Sets the size of a file; what is added reads as zeros.
     *
     * `size`: bytes.
     *
     * EBADF: `fd` is not open. ENOTCAPABLE: `fd` lacks the right `fd_filestat_set_size`. EINVAL:
     * negative, or not a regular file. EFBIG, EIO: as ftruncate(2).
     */
    "fd_filestat_set_size": (fd: number, size: bigint) => {
      const entry = find(fd, Right.FdFilestatSetSize);
      if (typeof entry === "number") return entry;
      return fromResult(files.setSize(entry.hostFd, size));
    },
    /**
     * Sets the times of an open file.
     *
     * `atim`, `mtim`: nanoseconds since 1970. `flags`: fstflags.
     *
     * EBADF: `fd` is not open. ENOTCAPABLE: `fd` lacks the right `fd_filestat_set_times`. EINVAL:
     * a time both given and now. EACCES, EPERM, EROFS: as utimensat(2).
     */
    "fd_filestat_set_times": (fd: number, atim: bigint, mtim: bigint, flags: number) => {
      const entry = find(fd, Right.FdFilestatSetTimes);
      if (typeof entry === "number") return entry;
      const times = timesOf(atim, mtim, flags);
      if (times === undefined) return wasiErrno("EINVAL");
      return fromResult(files.setTimes(entry.hostFd, times));
    },
  };
}

/**
 * Waiting or not is between the guest and us: the host's descriptor may be shared with other programs,
 * which would not expect it to change.
 */
function setFlags(entry: Descriptor, flags: number): number {
  if ((flags & ~ALL_FD_FLAGS) !== 0) return wasiErrno("EINVAL");
  const changed = flags ^ entry.flags;
  if ((changed & ~CHANGEABLE) !== 0) return wasiErrno("EOPNOTSUPP");
  if ((changed & FdFlag.Append) !== 0) {
    if (!entry.isOwn) return wasiErrno("EOPNOTSUPP");
    const result = files.setAppend(entry.hostFd, (flags & FdFlag.Append) !== 0);
    if (result < 0) return fromResult(result);
  }
  entry.flags = flags;
  return 0;
}
