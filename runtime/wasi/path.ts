/** `path_*` but for `path_open`. Resolving is all in `resolver.ts`. */
import type { WasiContext, WasiFunctions } from "./context.ts";
import { wasiErrno } from "./errno.ts";
import type { Descriptor, FdTable } from "./fd_table.ts";
import { putFilestat, STAT_WORDS, timesOf } from "./filestat.ts";
import { FileType } from "./filetype.ts";
import { errnoOf, PathResolver } from "./resolver.ts";
import { Right } from "./rights.ts";

/** The one flag of `lookupflags`. */
const SYMLINK_FOLLOW = 1;

/** A directory that has the right, or what to answer. */
export function directoryOf(fds: FdTable, fd: number, right: number): Descriptor | number {
  const dir = fds.get(fd);
  if (dir === undefined) return wasiErrno("EBADF");
  if (dir.type !== FileType.Directory) return wasiErrno("ENOTDIR");
  return (dir.rights & right) === right ? dir : wasiErrno("ENOTCAPABLE");
}

/** Whether a link at the end is followed; `undefined` for flags that there are not. */
export function followOf(lookupFlags: number): boolean | undefined {
  if ((lookupFlags & ~SYMLINK_FOLLOW) !== 0) return undefined;
  return lookupFlags === SYMLINK_FOLLOW;
}

export function pathFunctions(context: WasiContext): WasiFunctions {
  const { fds } = context;
  const resolver = new PathResolver(context);
  /** What `use` does in a directory that has the right. */
  const within = (fd: number, right: number, use: (dir: Descriptor) => number): number => {
    const dir = directoryOf(fds, fd, right);
    return typeof dir === "number" ? dir : use(dir);
  };
  return {
    "path_create_directory": (fd: number, path: number, size: number) =>
      within(
        fd,
        Right.PathCreateDirectory,
        (dir) => resolver.createDirectory({ dir, path, size }),
      ),
    "path_remove_directory": (fd: number, path: number, size: number) =>
      within(
        fd,
        Right.PathRemoveDirectory,
        (dir) => resolver.removeDirectory({ dir, path, size }),
      ),
    "path_unlink_file": (fd: number, path: number, size: number) =>
      within(fd, Right.PathUnlinkFile, (dir) => resolver.unlinkFile({ dir, path, size })),
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
  const words = new BigUint64Array(STAT_WORDS);
  return {
    "path_filestat_get": (fd: number, flags: number, path: number, size: number, out: number) => {
      const dir = directoryOf(fds, fd, Right.PathFilestatGet);
      if (typeof dir === "number") return dir;
      const follow = followOf(flags);
      if (follow === undefined) return wasiErrno("EINVAL");
      const errno = resolver.stat({ dir, path, size }, { follow, out: words });
      if (errno === 0) putFilestat(memory, out, { words, isUnstable });
      return errno;
    },
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
