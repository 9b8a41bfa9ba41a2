/** Files that processes have mapped, for the names of their functions. */
import { cString } from "./c_values.ts";
import { tracingShim } from "./tracing.ts";

/** Region of a process that a file is mapped to. */
export interface MappedFile {
  /** First address. */
  readonly start: bigint;
  /** Address after the last. */
  readonly end: bigint;
  /** Bytes from the start of the file. */
  readonly offset: bigint;
  /** Major number of the file's device. */
  readonly major: number;
  /** Minor number of the file's device. */
  readonly minor: number;
  /** Number of the file on its device. */
  readonly inode: bigint;
  /** Name of the file when it was mapped, or a word such as `[vdso]`. */
  readonly path: string;
}

/** Larger maps are those of a process with a million regions. */
const MAX_MAPS_BYTES = 8 << 20;
let buffer: Uint8Array<ArrayBuffer> | undefined;

/** Calls of the broker; see `libbpf-shim/symbols.c`. */
export const mappedFiles = {
  /** Lets this process use the others; before it is confined. Returns 0 or a negative errno. */
  permit(): number {
    // Loaded before the thread is confined.
    return tracingShim().shim_symbols__permit();
  },

  /** Returns `/proc/PID/maps`; empty for a process that has ended, or whose maps are hidden. */
  maps(pid: number): string {
    buffer ??= new Uint8Array(MAX_MAPS_BYTES);
    const size = tracingShim().shim_symbols__maps(pid, buffer, buffer.length);
    return size <= 0 ? "" : new TextDecoder().decode(buffer.subarray(0, size));
  },

  /** Opens the file of a region, or returns a negative errno. */
  open(pid: number, { start, end, path, major, minor, inode }: MappedFile): number {
    return tracingShim().shim_symbols__open(pid, start, end, cString(path), major, minor, inode);
  },

  /** Reads from a place of a file: bytes, or a negative errno. */
  read(descriptor: number, offset: number, to: Uint8Array<ArrayBuffer>): number {
    return tracingShim().shim_symbols__read(descriptor, BigInt(offset), to, to.length);
  },

  /** Closes a file. */
  close(descriptor: number): void {
    tracingShim().shim_symbols__close(descriptor);
  },
};
