/** `path_*` except `path_open`. Resolving is all in `resolver.ts`. */
import type { WasiContext, WasiFunctions } from "./context.ts";
import { wasiErrno } from "./errno.ts";
import type { Descriptor, FdTable } from "./fd_table.ts";
import { FileType, putFilestat, STAT_BYTES, timesOf } from "./filestat.ts";
import { errnoOf, PathResolver } from "./resolver.ts";
import { Right } from "./rights.ts";

/** The one flag of `lookupflags`. */
const SYMLINK_FOLLOW = 1;

/** Returns the directory if it has the right, else an errno. */
export function directoryOf(fds: FdTable, fd: number, right: number): Descriptor | number {
  const dir = fds.get(fd);
  if (dir === undefined) return wasiErrno("EBADF");
  if (dir.type !== FileType.Directory) return wasiErrno("ENOTDIR");
  return (dir.rights & right) === right ? dir : wasiErrno("ENOTCAPABLE");
}

/** Reports whether a link at the end is followed; `undefined` for unknown flags. */
export function followOf(lookupFlags: number): boolean | undefined {
  if ((lookupFlags & ~SYMLINK_FOLLOW) !== 0) return undefined;
  return lookupFlags === SYMLINK_FOLLOW;
}

export function pathFunctions(context: WasiContext): WasiFunctions {
  const { fds } = context;
  const resolver = new PathResolver(context);
  /** Calls `use` with a directory that has the right. */
  const within = (fd: number, right: number, use: (dir: Descriptor) => number): number => {
    const dir = directoryOf(fds, fd, right);
    return typeof dir === "number" ? dir : use(dir);
  };
  return {
    /**
     * Makes a directory.
     *
     * `path`, `size`: read.
     *
     * EBADF: `fd` is not open. ENOTDIR: `fd`, or a component before the last, is not a directory.
     * EFAULT: the path is outside of the memory. EILSEQ: it is not UTF-8. EINVAL: it is empty
     * where that is not allowed, contains NUL, or a flag is unknown. ENAMETOOLONG, ELOOP: the
     * limits of Linux (4095 bytes, 40 links). ENOENT: a component does not exist. EACCES: the file
     * system refuses. EEXIST: the name exists. EMLINK, ENOSPC, EROFS: as mkdirat(2). ENOTCAPABLE:
     * `fd` lacks the right, or the path leads out.
     */
    "path_create_directory": (fd: number, path: number, size: number) =>
      within(
        fd,
        Right.PathCreateDirectory,
        (dir) => resolver.createDirectory({ dir, path, size }),
      ),
    /**
     * Removes an empty directory.
     *
     * `path`, `size`: read.
     *
     * EBADF: `fd` is not open. ENOTDIR: `fd`, or a component before the last, is not a directory.
     * EFAULT: the path is outside of the memory. EILSEQ: it is not UTF-8. EINVAL: it is empty
     * where that is not allowed, contains NUL, or a flag is unknown. ENAMETOOLONG, ELOOP: the
     * limits of Linux (4095 bytes, 40 links). ENOENT: a component does not exist. EACCES: the file
     * system refuses. EBUSY, ENOTEMPTY, EROFS: as unlinkat(2). ENOTCAPABLE: `fd` lacks the right,
     * or the path leads out.
     */
    "path_remove_directory": (fd: number, path: number, size: number) =>
      within(
        fd,
        Right.PathRemoveDirectory,
        (dir) => resolver.removeDirectory({ dir, path, size }),
      ),
    /**
     * Removes a name that is not of a directory.
     *
     * `path`, `size`: read.
     *
     * EBADF: `fd` is not open. ENOTDIR: `fd`, or a component before the last, is not a directory.
     * EFAULT: the path is outside of the memory. EILSEQ: it is not UTF-8. EINVAL: it is empty
     * where that is not allowed, contains NUL, or a flag is unknown. ENAMETOOLONG, ELOOP: the
     * limits of Linux (4095 bytes, 40 links). ENOENT: a component does not exist. EACCES: the file
     * system refuses. EISDIR, EROFS: as unlinkat(2). ENOTCAPABLE: `fd` lacks the right, or the
     * path leads out.
     */
    "path_unlink_file": (fd: number, path: number, size: number) =>
      within(fd, Right.PathUnlinkFile, (dir) => resolver.unlinkFile({ dir, path, size })),
    /**
     * Makes a symbolic link; its text must be relative.
     *
     * `text`, `textSize`: read. `path`, `size`: read.
     *
     * EBADF: `fd` is not open. ENOTDIR: `fd`, or a component before the last, is not a directory.
     * EFAULT: the path is outside of the memory. EILSEQ: it is not UTF-8. EINVAL: it is empty
     * where that is not allowed, contains NUL, or a flag is unknown. ENAMETOOLONG, ELOOP: the
     * limits of Linux (4095 bytes, 40 links). ENOENT: a component does not exist. EACCES: the file
     * system refuses. EEXIST, ENOSPC, EROFS: as symlinkat(2). ENOTCAPABLE: `fd` lacks the right, a
     * path leads out, or the text is absolute.
     */
    "path_symlink": (text: number, textSize: number, fd: number, path: number, size: number) =>
      within(
        fd,
        Right.PathSymlink,
        (dir) => resolver.symlink({ path: text, size: textSize }, { dir, path, size }),
      ),
    ...pathStatFunctions(context, resolver),
    ...pathPairFunctions(context, resolver),
  };
}

/** Functions that look at a path. */
function pathStatFunctions(context: WasiContext, resolver: PathResolver): WasiFunctions {
  const { memory, fds, isUnstable = false } = context;
  const stat = new Uint8Array(STAT_BYTES);
  return {
    /**
     * Writes the attributes of a file.
     *
     * `flags`: 1 follows a link at the end. `path`, `size`: read. `out`: filestat of 64 bytes (56
     * in snapshot 0), written.
     *
     * EBADF: `fd` is not open. ENOTDIR: `fd`, or a component before the last, is not a directory.
     * EFAULT: the path is outside of the memory. EILSEQ: it is not UTF-8. EINVAL: it is empty
     * where that is not allowed, contains NUL, or a flag is unknown. ENAMETOOLONG, ELOOP: the
     * limits of Linux (4095 bytes, 40 links). ENOENT: a component does not exist. EACCES: the file
     * system refuses. ENOTCAPABLE: `fd` lacks the right, or the path leads out.
     */
    "path_filestat_get": (fd: number, flags: number, path: number, size: number, out: number) => {
      const dir = directoryOf(fds, fd, Right.PathFilestatGet);
      if (typeof dir === "number") return dir;
      const follow = followOf(flags);
      if (follow === undefined) return wasiErrno("EINVAL");
      const errno = resolver.stat({ dir, path, size }, { follow, out: stat });
      if (errno === 0) putFilestat(memory, out, { stat, isUnstable });
      return errno;
    },
    /**
     * Sets the times of a file.
     *
     * `flags`: 1 follows a link at the end. `path`, `size`: read. `atim`, `mtim`: nanoseconds since
     * 1970. `fstFlags`: fstflags.
     *
     * EBADF: `fd` is not open. ENOTDIR: `fd`, or a component before the last, is not a directory.
     * EFAULT: the path is outside of the memory. EILSEQ: it is not UTF-8. EINVAL: it is empty
     * where that is not allowed, contains NUL, or a flag is unknown. ENAMETOOLONG, ELOOP: the
     * limits of Linux (4095 bytes, 40 links). ENOENT: a component does not exist. EACCES: the file
     * system refuses. EPERM, EROFS: as utimensat(2). ENOTCAPABLE: `fd` lacks the right, or the
     * path leads out.
     */
    "path_filestat_set_times": (
      ...[fd, flags, path, size, atim, mtim, fstFlags]: [
        ...[fd: number, flags: number, path: number, size: number],
        ...[atim: bigint, mtim: bigint, fstFlags: number],
      ]
    ) => {
      const dir = directoryOf(fds, fd, Right.PathFilestatSetTimes);
      if (typeof dir === "number") return dir;
      const follow = followOf(flags);
      const times = timesOf(atim, mtim, fstFlags);
      if (follow === undefined || times === undefined) return wasiErrno("EINVAL");
      return resolver.setTimes({ dir, path, size }, { follow, times });
    },
    /**
     * Reads the text of a symbolic link.
     *
     * `path`, `size`: read. `buf`: bytes written, cut to `bufSize`, without NUL. `out`: u32 written, bytes.
     *
     * EBADF: `fd` is not open. ENOTDIR: `fd`, or a component before the last, is not a directory.
     * EFAULT: the path is outside of the memory. EILSEQ: it is not UTF-8. EINVAL: it is empty
     * where that is not allowed, contains NUL, or a flag is unknown. ENAMETOOLONG, ELOOP: the
     * limits of Linux (4095 bytes, 40 links). ENOENT: a component does not exist. EACCES: the file
     * system refuses. ENOTCAPABLE: `fd` lacks the right, or the path leads out.
     */
    "path_readlink": (
      ...[fd, path, size, buf, bufSize, out]: [
        ...[fd: number, path: number, size: number, buf: number, bufSize: number, out: number],
      ]
    ) => {
      const dir = directoryOf(fds, fd, Right.PathReadlink);
      if (typeof dir === "number") return dir;
      memory.bytes(out, 4);
      const to = { offset: buf >>> 0, sizeBytes: bufSize >>> 0 };
      const used = resolver.readlink({ dir, path, size }, to);
      if (used < 0) return errnoOf(used);
      memory.setU32(out, used);
      return 0;
    },
  };
}

/** Functions of two paths. */
function pathPairFunctions({ fds }: WasiContext, resolver: PathResolver): WasiFunctions {
  return {
    /**
     * Makes a hard link.
     *
     * `flags`: 1 follows a link at the end of the old path. `path`, `size` and `newPath`,
     * `newSize`: read.
     *
     * EBADF: `fd` is not open. ENOTDIR: `fd`, or a component before the last, is not a directory.
     * EFAULT: the path is outside of the memory. EILSEQ: it is not UTF-8. EINVAL: it is empty
     * where that is not allowed, contains NUL, or a flag is unknown. ENAMETOOLONG, ELOOP: the
     * limits of Linux (4095 bytes, 40 links). ENOENT: a component does not exist. EACCES: the file
     * system refuses. EEXIST, EMLINK, ENOSPC, EPERM, EROFS, EXDEV: as linkat(2). ENOTCAPABLE: a
     * descriptor lacks the right, or a path leads out.
     */
    "path_link": (
      ...[fd, flags, path, size, newFd, newPath, newSize]: [
        ...[fd: number, flags: number, path: number, size: number],
        ...[newFd: number, newPath: number, newSize: number],
      ]
    ) => {
      const dir = directoryOf(fds, fd, Right.PathLinkSource);
      if (typeof dir === "number") return dir;
      const newDir = directoryOf(fds, newFd, Right.PathLinkTarget);
      if (typeof newDir === "number") return newDir;
      const follow = followOf(flags);
      if (follow === undefined) return wasiErrno("EINVAL");
      return resolver.link(
        { dir, path, size },
        { dir: newDir, path: newPath, size: newSize },
        follow,
      );
    },
    /**
     * Renames a file or directory, replacing what has the new name.
     *
     * `path`, `size` and `newPath`, `newSize`: read.
     *
     * EBADF: `fd` is not open. ENOTDIR: `fd`, or a component before the last, is not a directory.
     * EFAULT: the path is outside of the memory. EILSEQ: it is not UTF-8. EINVAL: it is empty
     * where that is not allowed, contains NUL, or a flag is unknown. ENAMETOOLONG, ELOOP: the
     * limits of Linux (4095 bytes, 40 links). ENOENT: a component does not exist. EACCES: the file
     * system refuses. EBUSY, EISDIR, EMLINK, ENOSPC, ENOTEMPTY, EROFS, EXDEV: as renameat(2).
     * ENOTCAPABLE: a descriptor lacks the right, or a path leads out.
     */
    "path_rename": (
      ...[fd, path, size, newFd, newPath, newSize]: [
        ...[fd: number, path: number, size: number],
        ...[newFd: number, newPath: number, newSize: number],
      ]
    ) => {
      const dir = directoryOf(fds, fd, Right.PathRenameSource);
      if (typeof dir === "number") return dir;
      const newDir = directoryOf(fds, newFd, Right.PathRenameTarget);
      if (typeof newDir === "number") return newDir;
      return resolver.rename({ dir, path, size }, { dir: newDir, path: newPath, size: newSize });
    },
  };
}
