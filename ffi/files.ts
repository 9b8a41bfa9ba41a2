/**
 * System calls behind a guest's files, folders and sockets. Results are ≥ 0 or a negative errno; guest
 * addresses are offsets; descriptors are the host's.
 */
import { FILE_SYMBOLS, type FileSymbols } from "./file_symbols.ts";
import { type Interrupt, interruptPointer } from "./interrupt.ts";
import { cString, extendShim, outPointer } from "./library.ts";
import { type LinearMemory, memoryPointer } from "./memory.ts";

/** The result for a path that would lead out of its directory. */
export const OUTSIDE: number = -4096;

/** How something is opened: `SHIM_OPEN_` in `libbpf-shim/files.h`. */
export const OpenFlag = {
  Read: 1,
  Write: 2,
  Create: 4,
  Exclusive: 8,
  Truncate: 16,
  Directory: 32,
  NoFollow: 64,
  Append: 128,
  Dsync: 256,
  Sync: 512,
} as const;

/** Functions that a guest which copies files calls all the time. */
const HOT = ["shim_file__read", "shim_file__pread", "shim_file__pwrite"];

let loaded: FileSymbols | undefined;

function shim(): FileSymbols {
  loaded ??= extendShim(FILE_SYMBOLS, HOT).functions as unknown as FileSymbols;
  return loaded;
}

/** Loads everything of it now: for who closes the shim's file next. */
export function prepareFiles(): void {
  const { functions, settle } = extendShim(FILE_SYMBOLS, HOT);
  settle();
  loaded = functions as unknown as FileSymbols;
}

/** A path of a guest: UTF-8 in its memory, resolved beneath a directory. */
export interface GuestPath {
  /** Descriptor of the directory. */
  readonly dir: number;
  /** Where the path stands. */
  readonly path: number;
  /** Its bytes. */
  readonly size: number;
}

/** How all of them are resolved: `RESOLVE_` flags of openat2(2). */
export interface Resolution {
  /** Where the paths stand. */
  readonly memory: LinearMemory;
  /** The flags. */
  readonly resolve: number;
}

/** What a run opens for its guest, before it begins. */
export const grants = {
  /** A folder of the host; -ENOSYS where the kernel has no openat2(2). */
  directory(path: string): number {
    return shim().shim_grant__directory(cString(path));
  },

  /** A file of the host: to read it, to write it anew, or to do so always at its end. */
  file(path: string, use: "read" | "write" | "append"): number {
    return shim().shim_grant__file(cString(path), ["read", "write", "append"].indexOf(use));
  },

  /** A TCP socket that listens; -ENOENT for an address that there is not. */
  listener(host: string, port: string): number {
    return shim().shim_grant__listener(cString(host), cString(port));
  },

  /** The port that one listens on. */
  port(fd: number): number {
    return shim().shim_grant__port(fd);
  },

  /** The environment of the process: `NAME=value` as bytes. */
  environment(): Uint8Array<ArrayBuffer>[] {
    const bytes = new Uint8Array(shim().shim_grant__environment(new Uint8Array(0), 0));
    shim().shim_grant__environment(bytes, bytes.length);
    const entries: Uint8Array<ArrayBuffer>[] = [];
    for (let at = 0; at < bytes.length;) {
      const end = bytes.indexOf(0, at);
      entries.push(bytes.slice(at, end));
      at = end + 1;
    }
    return entries;
  },
};

/** What is done with paths. {@linkcode OUTSIDE}, -EILSEQ or -EINVAL for those that are no good. */
export const paths = {
  /** openat2(2) with {@linkcode OpenFlag}s; a descriptor. */
  open({ memory, resolve }: Resolution, { dir, path, size }: GuestPath, flags: number): number {
    return shim().shim_path__open(dir, resolve, memoryPointer(memory), path, size, flags);
  },

  /** mkdirat(2) */
  createDirectory({ memory, resolve }: Resolution, { dir, path, size }: GuestPath): number {
    return shim().shim_path__create_directory(dir, resolve, memoryPointer(memory), path, size);
  },

  /** unlinkat(2), with its flags. */
  remove({ memory, resolve }: Resolution, { dir, path, size }: GuestPath, flags: number): number {
    return shim().shim_path__remove(dir, resolve, memoryPointer(memory), path, size, flags);
  },

  /** renameat(2) */
  rename({ memory, resolve }: Resolution, from: GuestPath, to: GuestPath): number {
    return shim().shim_path__rename(
      ...[from.dir, to.dir, resolve, memoryPointer(memory)] as const,
      ...[from.path, from.size, to.path, to.size] as const,
    );
  },

  /** linkat(2) */
  link(
    { memory, resolve }: Resolution,
    { from, to, follow }: { from: GuestPath; to: GuestPath; follow: boolean },
  ): number {
    return shim().shim_path__link(
      ...[from.dir, to.dir, resolve, follow ? 1 : 0, memoryPointer(memory)] as const,
      ...[from.path, from.size, to.path, to.size] as const,
    );
  },

  /** symlinkat(2) with a text in guest memory, which is not to be absolute. */
  symlink(
    { memory, resolve }: Resolution,
    text: { path: number; size: number },
    { dir, path, size }: GuestPath,
  ): number {
    return shim().shim_path__symlink(
      ...[dir, resolve, memoryPointer(memory), text.path, text.size, path, size] as const,
    );
  },

  /** readlinkat(2) to guest memory; the bytes written. */
  readlink(
    { memory, resolve }: Resolution,
    { dir, path, size }: GuestPath,
    to: { offset: number; sizeBytes: number },
  ): number {
    return shim().shim_path__readlink(
      ...[dir, resolve, memoryPointer(memory), path, size, to.offset, to.sizeBytes] as const,
    );
  },

  /** fstatat(2) */
  stat(
    { memory, resolve }: Resolution,
    { dir, path, size }: GuestPath,
    { follow, out }: { follow: boolean; out: BigUint64Array<ArrayBuffer> },
  ): number {
    return shim().shim_path__stat(
      ...[dir, resolve, follow ? 1 : 0, memoryPointer(memory), path, size, asBytes(out)] as const,
    );
  },

  /** utimensat(2) */
  setTimes(
    { memory, resolve }: Resolution,
    { dir, path, size }: GuestPath,
    { follow, times }: { follow: boolean; times: BigUint64Array<ArrayBuffer> },
  ): number {
    return shim().shim_path__set_times(
      ...[dir, resolve, follow ? 1 : 0, memoryPointer(memory), path, size, asBytes(times)] as const,
    );
  },
};

/** What is done with descriptors. */
export const files = {
  /** close(2) of what this module has handed out. */
  close(fd: number): number {
    return shim().shim_file__close(fd);
  },

  /** readv(2) of `count` iovecs at `iovs`; the number of bytes goes to `out` as u32. Of what never blocks. */
  read(fd: number, memory: LinearMemory, iovs: number, count: number, out: number): number {
    return shim().shim_file__read(fd, memoryPointer(memory), iovs, count, out);
  },

  /**
   * The same of what may block; with `waits`, until the interrupt: -EINTR, which the next poll of a buffer
   * reports too, or -ERESTART.
   */
  readWait(
    fd: number,
    memory: LinearMemory,
    { iovs, count, out }: Vectors,
    { interrupt, waits }: Waiting,
  ): number {
    return shim().shim_file__read_wait(
      ...[interruptPointer(interrupt), fd, memoryPointer(memory), iovs, count, out] as const,
      waits ? 1 : 0,
    );
  },

  /** preadv(2) */
  pread(fd: number, memory: LinearMemory, { iovs, count, out }: Vectors, offset: bigint): number {
    return shim().shim_file__pread(fd, memoryPointer(memory), iovs, count, offset, out);
  },

  /** pwritev(2) */
  pwrite(fd: number, memory: LinearMemory, { iovs, count, out }: Vectors, offset: bigint): number {
    return shim().shim_file__pwrite(fd, memoryPointer(memory), iovs, count, offset, out);
  },

  /** fsync(2), or fdatasync(2). */
  sync(fd: number, dataOnly: boolean): number {
    return shim().shim_file__sync(fd, dataOnly ? 1 : 0);
  },

  /** posix_fadvise(3) with Linux's numbers. */
  advise(fd: number, range: { offset: bigint; sizeBytes: bigint }, advice: number): number {
    return shim().shim_file__advise(fd, range.offset, range.sizeBytes, advice);
  },

  /** fallocate(2) */
  allocate(fd: number, range: { offset: bigint; sizeBytes: bigint }): number {
    return shim().shim_file__allocate(fd, range.offset, range.sizeBytes);
  },

  /** ftruncate(2) */
  setSize(fd: number, sizeBytes: bigint): number {
    return shim().shim_file__set_size(fd, sizeBytes);
  },

  /** fstat(2): dev, ino, mode, nlink, size, and nanoseconds of atime, mtime and ctime. */
  stat(fd: number, out: BigUint64Array<ArrayBuffer>): number {
    return shim().shim_file__stat(fd, asBytes(out));
  },

  /** futimens(3): `{ nanoseconds, how }` for access and modification; how is 0 leave, 1 set, 2 now. */
  setTimes(fd: number, times: BigUint64Array<ArrayBuffer>): number {
    return shim().shim_file__set_times(fd, asBytes(times));
  },

  /** Sets or clears O_APPEND. */
  setAppend(fd: number, append: boolean): number {
    return shim().shim_file__set_append(fd, append ? 1 : 0);
  },
};

/** What is done with sockets. */
export const sockets = {
  /** accept4(2); a descriptor. */
  accept(fd: number, { interrupt, waits }: Waiting): number {
    return shim().shim_socket__accept(interruptPointer(interrupt), fd, waits ? 1 : 0);
  },

  /** recvmsg(2) with MSG_ flags; 1 when a message was cut off. */
  receive(
    fd: number,
    memory: LinearMemory,
    { iovs, count, out, flags }: Vectors & { flags: number },
    { interrupt, waits }: Waiting,
  ): number {
    return shim().shim_socket__receive(
      ...[interruptPointer(interrupt), fd, memoryPointer(memory), iovs, count] as const,
      ...[flags, out, waits ? 1 : 0] as const,
    );
  },

  /** sendmsg(2) without SIGPIPE. */
  send(
    fd: number,
    memory: LinearMemory,
    { iovs, count, out }: Vectors,
    { interrupt, waits }: Waiting,
  ): number {
    return shim().shim_socket__send(
      ...[interruptPointer(interrupt), fd, memoryPointer(memory), iovs, count] as const,
      ...[out, waits ? 1 : 0] as const,
    );
  },

  /** shutdown(2) */
  shutdown(fd: number, how: number): number {
    return shim().shim_socket__shutdown(fd, how);
  },

  /** SO_TYPE of a socket. */
  type(fd: number): number {
    return shim().shim_socket__type(fd);
  },
};

/** A guest's list of ranges, and where the number of bytes goes. */
export interface Vectors {
  /** Where the list stands. */
  readonly iovs: number;
  /** How many there are in it. */
  readonly count: number;
  /** Where the number of bytes goes. */
  readonly out: number;
}

/** Whether to wait, and for how long. */
export interface Waiting {
  /** What ends it early. */
  readonly interrupt: Interrupt;
  /** Whether to. */
  readonly waits: boolean;
}

/** The entries of a directory; to be closed before its descriptor. */
export class DirectoryReader {
  #pointer: Deno.PointerObject | null;

  private constructor(pointer: Deno.PointerObject) {
    this.#pointer = pointer;
  }

  /** For a descriptor of a directory, or a negative errno. */
  static open(fd: number): DirectoryReader | number {
    const pointer = outPointer((out) => shim().shim_directory__open(fd, out));
    return typeof pointer === "number" ? pointer : new DirectoryReader(pointer);
  }

  /** Fills guest memory with WASI's dirents, from a cookie on; the bytes written. */
  read(memory: LinearMemory, to: { offset: number; sizeBytes: number }, cookie: bigint): number {
    return Number(
      shim().shim_directory__read(
        this.#pointer,
        memoryPointer(memory),
        to.offset,
        to.sizeBytes,
        cookie,
      ),
    );
  }

  /** Forgets what was read ahead. */
  close(): void {
    shim().shim_directory__free(this.#pointer);
    this.#pointer = null;
  }
}

function asBytes(words: BigUint64Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
