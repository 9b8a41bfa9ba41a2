/**
 * System calls with a guest's paths. Results are ≥ 0 or a negative errno; guest
 * addresses are offsets; descriptors are the host's.
 */
import { asBytes, fileShim } from "./file.ts";
import { type LinearMemory, memoryPointer } from "./memory.ts";

/** Result for a path that would leave its directory. */
export const OUTSIDE: number = -4096;

/** Flags for opening: `SHIM_OPEN_` in `libbpf-shim/files.h`. */
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

/** Path of a guest: UTF-8 in its memory, resolved beneath a directory. */
export interface GuestPath {
  /** Descriptor of the directory. */
  readonly dir: number;
  /** Address of the path. */
  readonly path: number;
  /** Length in bytes. */
  readonly size: number;
}

/** Resolution of paths: `RESOLVE_` flags of openat2(2). */
export interface Resolution {
  /** Memory of the paths. */
  readonly memory: LinearMemory;
  /** The flags. */
  readonly resolve: number;
}

/** Operations on paths. Invalid paths return {@linkcode OUTSIDE}, -EILSEQ or -EINVAL. */
export const paths = {
  /** openat2(2) with {@linkcode OpenFlag}s; returns a descriptor, and its `st_mode` in `mode`. */
  open(
    { memory, resolve }: Resolution,
    { dir, path, size }: GuestPath,
    { flags, mode }: { flags: number; mode: Uint32Array<ArrayBuffer> },
  ): number {
    return fileShim().shim_path__open(
      dir,
      resolve,
      memoryPointer(memory),
      path,
      size,
      flags,
      mode,
    );
  },

  /** mkdirat(2) */
  createDirectory({ memory, resolve }: Resolution, { dir, path, size }: GuestPath): number {
    return fileShim().shim_path__create_directory(dir, resolve, memoryPointer(memory), path, size);
  },

  /** unlinkat(2), with its flags. */
  remove({ memory, resolve }: Resolution, { dir, path, size }: GuestPath, flags: number): number {
    return fileShim().shim_path__remove(dir, resolve, memoryPointer(memory), path, size, flags);
  },

  /** renameat(2) */
  rename({ memory, resolve }: Resolution, from: GuestPath, to: GuestPath): number {
    return fileShim().shim_path__rename(
      ...[from.dir, to.dir, resolve, memoryPointer(memory)] as const,
      ...[from.path, from.size, to.path, to.size] as const,
    );
  },

  /** linkat(2) */
  link(
    { memory, resolve }: Resolution,
    { from, to, follow }: { from: GuestPath; to: GuestPath; follow: boolean },
  ): number {
    return fileShim().shim_path__link(
      ...[from.dir, to.dir, resolve, follow ? 1 : 0, memoryPointer(memory)] as const,
      ...[from.path, from.size, to.path, to.size] as const,
    );
  },

  /** symlinkat(2) with a target in guest memory, which must be relative. */
  symlink(
    { memory, resolve }: Resolution,
    text: { path: number; size: number },
    { dir, path, size }: GuestPath,
  ): number {
    return fileShim().shim_path__symlink(
      ...[dir, resolve, memoryPointer(memory), text.path, text.size, path, size] as const,
    );
  },

  /** readlinkat(2) to guest memory; returns the bytes written. */
  readlink(
    { memory, resolve }: Resolution,
    { dir, path, size }: GuestPath,
    to: { offset: number; sizeBytes: number },
  ): number {
    return fileShim().shim_path__readlink(
      ...[dir, resolve, memoryPointer(memory), path, size, to.offset, to.sizeBytes] as const,
    );
  },

  /** fstatat(2); `out` as for `files.stat()`. */
  stat(
    { memory, resolve }: Resolution,
    { dir, path, size }: GuestPath,
    { follow, out }: { follow: boolean; out: Uint8Array<ArrayBuffer> },
  ): number {
    return fileShim().shim_path__stat(
      dir,
      resolve,
      follow ? 1 : 0,
      memoryPointer(memory),
      path,
      size,
      out,
    );
  },

  /** utimensat(2) */
  setTimes(
    { memory, resolve }: Resolution,
    { dir, path, size }: GuestPath,
    { follow, times }: { follow: boolean; times: BigUint64Array<ArrayBuffer> },
  ): number {
    return fileShim().shim_path__set_times(
      ...[dir, resolve, follow ? 1 : 0, memoryPointer(memory), path, size, asBytes(times)] as const,
    );
  },
};
