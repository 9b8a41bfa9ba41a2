/** `path_open`. */
import { files, OpenFlag } from "../../ffi/mod.ts";
import type { WasiContext, WasiFunction, WasiFunctions } from "./context.ts";
import { wasiErrno } from "./errno.ts";
import { ALL_FD_FLAGS, Descriptor, FdFlag } from "./fd_table.ts";
import { FileType, fileTypeOf } from "./filestat.ts";
import { directoryOf, followOf } from "./path.ts";
import { errnoOf, PathResolver } from "./resolver.ts";
import {
  ALL_RIGHTS,
  CHANGING_RIGHTS,
  DIRECTORY_RIGHTS,
  FILE_RIGHTS,
  Right,
  WRITING_RIGHTS,
} from "./rights.ts";

/**
 * Passes the lower halves of the rights on, in which all known ones are: WebAssembly hands an `i64` to
 * JavaScript as a bigint, which costs an allocation.
 *
 * ```wat
 * (module
 *   (type $t (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
 *   (import "h" "o" (func $open (type $t)))
 *   (func (export "o") (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)
 *     (return_call $open (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)
 *       (i32.wrap_i64 (local.get 5)) (i32.wrap_i64 (local.get 6)) (local.get 7) (local.get 8))))
 * ```
 */
const NARROWER = Uint8Array.from([
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 27, 2, 96, 9, 127, 127, 127, 127, 127, 127, 127, 127, 127],
  ...[1, 127, 96, 9, 127, 127, 127, 127, 127, 126, 126, 127, 127, 1, 127, 2, 7, 1, 1, 104, 1, 111],
  ...[0, 0, 3, 2, 1, 1, 7, 5, 1, 1, 111, 0, 1, 10, 26, 1, 24, 0, 32, 0, 32, 1, 32, 2, 32, 3, 32, 4],
  ...[32, 5, 167, 32, 6, 167, 32, 7, 32, 8, 18, 0, 11],
]);

/** `path_open` with numbers as rights. */
type Open = (
  fd: number,
  lookup: number,
  path: number,
  size: number,
  oflags: number,
  base: number,
  inheriting: number,
  fdFlags: number,
  out: number,
) => number;

/** Returns the function for guests, which declare rights of 64 bits. */
function narrowed(open: Open): WasiFunction {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(NARROWER), {
    h: { o: open },
  });
  return exports["o"] as WasiFunction;
}

/** `oflags` of the specification. */
const OFLAG_CREAT = 1;
const OFLAG_DIRECTORY = 2;
const OFLAG_EXCL = 4;
const OFLAG_TRUNC = 8;
const ALL_OFLAGS = 15;

const READING_RIGHTS = Right.FdRead | Right.FdReaddir;
const POSSIBLE_RIGHTS = DIRECTORY_RIGHTS | FILE_RIGHTS;

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
    "path_open": narrowed((fd, lookup, path, size, oflags, base, inheriting, fdFlags, out) => {
      const dir = directoryOf(fds, fd, Right.PathOpen);
      if (typeof dir === "number") return dir;
      const follow = followOf(lookup);
      if (follow === undefined) return wasiErrno("EINVAL");
      if (!memory.contains(out, 4)) return wasiErrno("EFAULT");
      const wish: Wish = {
        follow,
        oflags: oflags & 0xffff,
        fdFlags: fdFlags & 0xffff,
        base: base & ALL_RIGHTS,
        inheriting: inheriting & ALL_RIGHTS,
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
    }),
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
  if ((oflags | fdFlags) !== 0) {
    const objection = objectionToFlags(oflags, fdFlags, dir);
    if (objection !== 0) return objection;
  }
  const missing = (base | inheriting) & POSSIBLE_RIGHTS & ~dir.inheriting;
  const excess = dir.isReadOnly ? missing & ~CHANGING_RIGHTS | base & WRITING_RIGHTS : missing;
  return excess === 0 ? 0 : wasiErrno("ENOTCAPABLE");
}

/** Returns that for flags and the rights that they take, which most opens are without. */
function objectionToFlags(oflags: number, fdFlags: number, dir: Descriptor): number {
  if ((oflags & ~ALL_OFLAGS) !== 0 || (fdFlags & ~ALL_FD_FLAGS) !== 0) return wasiErrno("EINVAL");
  const creates = (oflags & OFLAG_CREAT) !== 0;
  if (creates && (oflags & OFLAG_DIRECTORY) !== 0) return wasiErrno("EINVAL");
  const needed = (creates ? Right.PathCreateFile : 0) |
    ((oflags & OFLAG_TRUNC) !== 0 ? Right.PathFilestatSetSize : 0);
  const derived = ((fdFlags & FdFlag.Dsync) !== 0 ? Right.FdDatasync : 0) |
    ((fdFlags & (FdFlag.Rsync | FdFlag.Sync)) !== 0 ? Right.FdSync : 0);
  const isAllowed = (dir.rights & needed) === needed && (dir.inheriting & derived) === derived;
  return isAllowed ? 0 : wasiErrno("ENOTCAPABLE");
}

function openFlags({ follow, oflags, fdFlags, base }: Wish, dir: Descriptor): number {
  const writes = !dir.isReadOnly && (base & dir.inheriting & WRITING_RIGHTS) !== 0;
  const reads = !writes || (base & READING_RIGHTS) !== 0;
  return (reads ? OpenFlag.Read : 0) |
    (writes ? OpenFlag.Write : 0) |
    (follow ? 0 : OpenFlag.NoFollow) |
    ((oflags | fdFlags) === 0 ? 0 : flagsOf(oflags, fdFlags));
}

function flagsOf(oflags: number, fdFlags: number): number {
  const when = (isOn: number, flag: number) => isOn === 0 ? 0 : flag;
  return when(oflags & OFLAG_CREAT, OpenFlag.Create) |
    when(oflags & OFLAG_DIRECTORY, OpenFlag.Directory) |
    when(oflags & OFLAG_EXCL, OpenFlag.Exclusive) |
    when(oflags & OFLAG_TRUNC, OpenFlag.Truncate) |
    when(fdFlags & FdFlag.Append, OpenFlag.Append) |
    when(fdFlags & FdFlag.Dsync, OpenFlag.Dsync) |
    // Linux has no other flag for reads synchronized with writes.
    when(fdFlags & (FdFlag.Sync | FdFlag.Rsync), OpenFlag.Sync);
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
