/**
 * The one place where a guest's paths are resolved: by the kernel, beneath the directory of a descriptor.
 *
 * Why not check the path first? Whatever is checked can be swapped before it is used. Here every path goes
 * to openat2(2) as the guest gave it, and the kernel refuses any step that leaves the directory: `..` too
 * many, an absolute path, a symbolic link to either. What makes or removes a name gets the directory that
 * holds it that way, and the last component alone: `libbpf-shim/path_beneath.c`.
 */
import { type GuestPath, OUTSIDE, paths, type Resolution } from "../../ffi/mod.ts";
import type { WasiContext } from "./context.ts";
import { fromResult, wasiErrno } from "./errno.ts";
import type { Descriptor } from "./fd_table.ts";

/** `RESOLVE_NO_MAGICLINKS | RESOLVE_BENEATH` of openat2(2), which Linux has since 5.6. */
export const RESOLVE_BENEATH = 0x02 | 0x08;

/** `AT_REMOVEDIR` of unlinkat(2). */
const REMOVE_DIRECTORY = 0x200;

/** A range of guest memory that holds a path, or a text. */
export interface PathRange {
  /** As WebAssembly hands it over. */
  readonly path: number;
  /** Bytes. */
  readonly size: number;
}

/** A range, and the directory that it is resolved beneath. */
export interface Place extends PathRange {
  readonly dir: Descriptor;
}

/** Resolves the paths of one guest. Results are WASI's errno unless documented otherwise. */
export class PathResolver {
  readonly #how: Resolution;

  constructor({ memory, resolve = RESOLVE_BENEATH }: Pick<WasiContext, "memory" | "resolve">) {
    this.#how = {
      get memory() {
        return memory.linear;
      },
      resolve,
    };
  }

  /**
   * Opens by flags of open(2).
   *
   * @param options.mode filled with the `st_mode` of what was opened
   * @returns a descriptor of the host; or a result below 0, for {@linkcode errnoOf}
   */
  open(place: Place, options: { flags: number; mode: Uint32Array<ArrayBuffer> }): number {
    return paths.open(this.#how, guestPath(place), options);
  }

  createDirectory(place: Place): number {
    return errnoOf(paths.createDirectory(this.#how, guestPath(place)));
  }

  removeDirectory(place: Place): number {
    return errnoOf(paths.remove(this.#how, guestPath(place), REMOVE_DIRECTORY));
  }

  unlinkFile(place: Place): number {
    return errnoOf(paths.remove(this.#how, guestPath(place), 0));
  }

  rename(from: Place, to: Place): number {
    return errnoOf(paths.rename(this.#how, guestPath(from), guestPath(to)));
  }

  /** @param follow whether a symbolic link at the end of `from` is followed */
  link(from: Place, to: Place, follow: boolean): number {
    return errnoOf(
      paths.link(this.#how, { from: guestPath(from), to: guestPath(to), follow }),
    );
  }

  symlink({ path, size }: PathRange, place: Place): number {
    const text = { path: path >>> 0, size: size >>> 0 };
    return errnoOf(paths.symlink(this.#how, text, guestPath(place)));
  }

  /** The bytes written to guest memory, or a result below 0, for {@linkcode errnoOf}. */
  readlink(place: Place, to: { offset: number; sizeBytes: number }): number {
    return paths.readlink(this.#how, guestPath(place), to);
  }

  /** Fills the bytes of `files.stat()`. */
  stat(place: Place, options: { follow: boolean; out: Uint8Array<ArrayBuffer> }): number {
    return errnoOf(paths.stat(this.#how, guestPath(place), options));
  }

  /** Takes the words of `files.setTimes()`. */
  setTimes(
    place: Place,
    options: { follow: boolean; times: BigUint64Array<ArrayBuffer> },
  ): number {
    return errnoOf(paths.setTimes(this.#how, guestPath(place), options));
  }
}

function guestPath({ dir, path, size }: Place): GuestPath {
  return { dir: dir.hostFd, path: path >>> 0, size: size >>> 0 };
}

/** WASI's number for a result: a path that leads out is more than the guest was given. */
export function errnoOf(result: number): number {
  return result === OUTSIDE ? wasiErrno("ENOTCAPABLE") : fromResult(result);
}
