/** `path_open`. */
import { files, OpenFlag } from "../../ffi/mod.ts";
import type { WasiContext, WasiFunctions } from "./context.ts";
import { wasiErrno } from "./errno.ts";
import { ALL_FD_FLAGS, Descriptor, FdFlag } from "./fd_table.ts";
import { FileType, fileTypeOf } from "./filestat.ts";
import { directoryOf, followOf } from "./path.ts";
import { errnoOf, PathResolver } from "./resolver.ts";
import {
  CHANGING_RIGHTS,
  DIRECTORY_RIGHTS,
  FILE_RIGHTS,
  Right,
  rightsOf,
  WRITING_RIGHTS,
} from "./rights.ts";

/** `oflags` of the specification. */
const OFLAG_CREAT = 1;
const OFLAG_DIRECTORY = 2;
const OFLAG_EXCL = 4;
const OFLAG_TRUNC = 8;
const ALL_OFLAGS = 15;

/** Arguments of an open by the guest. */
interface Wish {
  follow: boolean;
  oflags: number;
  fdFlags: number;
  base: number;
  inheriting: number;
}

export function pathOpenFunctions(context: WasiContext): WasiFunctions {
  const { memory, fds } = context;
  const resolver = new PathResolver(context);
  const mode = new Uint32Array(1);
  return {
    /**
     * Opens a file or directory.
     *
     * `lookup`: 1 follows a link at the end. `path`, `size`: read. `oflags`: creat, directory,
     * excl, trunc. `base`, `inheriting`: requested rights; unknown ones are ignored. `fdFlags`:
     * fdflags. `out`: u32 written, the descriptor.
     *
     * EBADF: `fd` is not open. ENOTDIR: `fd`, or a component before the last, is not a directory.
     * EFAULT: the path is outside of the memory. EILSEQ: it is not UTF-8. EINVAL: it is empty where
     * that is not allowed, contains NUL, or a flag is unknown. ENAMETOOLONG, ELOOP: the limits of
     * Linux (4095 bytes, 40 links). ENOENT: a component does not exist. EACCES: the file system
     * refuses. EEXIST, EISDIR, ENFILE, ENOSPC, ENXIO, EROFS, ETXTBSY: as openat2(2). EMFILE: the
     * guest has too many. ENOTCAPABLE: a right that the directory does not pass on, or the path
     * leads out. Linux 5.6.
     */
    "path_open": (
      fd: number,
      lookup: number,
      path: number,
      size: number,
      oflags: number,
      base: bigint,
      inheriting: bigint,
      fdFlags: number,
      out: number,
    ) => {
      const dir = directoryOf(fds, fd, Right.PathOpen);
      if (typeof dir === "number") return dir;
      const follow = followOf(lookup);
      if (follow === undefined) return wasiErrno("EINVAL");
      if (!memory.contains(out, 4)) return wasiErrno("EFAULT");
      const wish: Wish = {
        follow,
        oflags: oflags & 0xffff,
        fdFlags: fdFlags & 0xffff,
        base: rightsOf(base),
        inheriting: rightsOf(inheriting),
      };
      const objection = objectionTo(wish, dir);
      if (objection !== 0) return objection;
      const hostFd = resolver.open({ dir, path, size }, { flags: openFlags(wish, dir), mode });
      if (hostFd < 0) return errnoOf(hostFd);
      const opened = describe({ hostFd, mode: mode[0] ?? 0 }, wish, dir);
      const made = fds.add(opened);
      if (made < 0) {
        opened.close();
        return wasiErrno("EMFILE");
      }
      memory.setU32(out, made);
      return 0;
    },
  };
}

/**
 * Returns the errno that refuses the open, or 0.
 *
 * Guests request every right that their library can name. In a read-only directory they get the
 * reading rights, and writing is refused at open: programs check the result of opening, and seldom
 * those of writing and closing.
 */
function objectionTo({ oflags, fdFlags, base, inheriting }: Wish, dir: Descriptor): number {
  if ((oflags & ~ALL_OFLAGS) !== 0 || (fdFlags & ~ALL_FD_FLAGS) !== 0) return wasiErrno("EINVAL");
  const creates = (oflags & OFLAG_CREAT) !== 0;
  if (creates && (oflags & OFLAG_DIRECTORY) !== 0) return wasiErrno("EINVAL");
  const needed = (creates ? Right.PathCreateFile : 0) |
    ((oflags & OFLAG_TRUNC) !== 0 ? Right.PathFilestatSetSize : 0);
  const derived = ((fdFlags & FdFlag.Dsync) !== 0 ? Right.FdDatasync : 0) |
    ((fdFlags & (FdFlag.Rsync | FdFlag.Sync)) !== 0 ? Right.FdSync : 0);
  const wanted = (base | inheriting | derived) & (DIRECTORY_RIGHTS | FILE_RIGHTS);
  const missing = wanted & ~dir.inheriting;
  const excess = dir.isReadOnly ? missing & ~CHANGING_RIGHTS | base & WRITING_RIGHTS : missing;
  return (dir.rights & needed) === needed && excess === 0 ? 0 : wasiErrno("ENOTCAPABLE");
}

function openFlags({ follow, oflags, fdFlags, base }: Wish, dir: Descriptor): number {
  const writes = !dir.isReadOnly && (base & dir.inheriting & WRITING_RIGHTS) !== 0;
  const reads = !writes || (base & (Right.FdRead | Right.FdReaddir)) !== 0;
  const when = (isOn: boolean, flag: number) => isOn ? flag : 0;
  return when(reads, OpenFlag.Read) |
    when(writes, OpenFlag.Write) |
    when(!follow, OpenFlag.NoFollow) |
    when((oflags & OFLAG_CREAT) !== 0, OpenFlag.Create) |
    when((oflags & OFLAG_DIRECTORY) !== 0, OpenFlag.Directory) |
    when((oflags & OFLAG_EXCL) !== 0, OpenFlag.Exclusive) |
    when((oflags & OFLAG_TRUNC) !== 0, OpenFlag.Truncate) |
    when((fdFlags & FdFlag.Append) !== 0, OpenFlag.Append) |
    when((fdFlags & FdFlag.Dsync) !== 0, OpenFlag.Dsync) |
    // Linux has no other flag for reads synchronized with writes.
    when((fdFlags & (FdFlag.Sync | FdFlag.Rsync)) !== 0, OpenFlag.Sync);
}

/** Creates the descriptor of an opened file, with the rights that its kind can have. */
function describe(
  { hostFd, mode }: { hostFd: number; mode: number },
  wish: Wish,
  dir: Descriptor,
): Descriptor {
  const type = fileTypeOf(mode);
  const isDirectory = type === FileType.Directory;
  const possible = (isDirectory ? DIRECTORY_RIGHTS : FILE_RIGHTS) &
    ~(dir.isReadOnly ? CHANGING_RIGHTS : 0);
  return new Descriptor({
    hostFd,
    type,
    rights: wish.base & dir.inheriting & possible,
    inheriting: isDirectory ? wish.inheriting & dir.inheriting : 0,
    flags: wish.fdFlags,
    isReadOnly: dir.isReadOnly,
    release: files.close,
  });
}
