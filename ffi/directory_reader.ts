/** The entries of a guest's folder. */
import { outPointer } from "./c_values.ts";
import { fileShim } from "./file_library.ts";
import { type LinearMemory, memoryPointer } from "./memory.ts";

/** The entries of a directory; to be closed before its descriptor. */
export class DirectoryReader {
  #pointer: Deno.PointerObject | null;

  private constructor(pointer: Deno.PointerObject) {
    this.#pointer = pointer;
  }

  /** For a descriptor of a directory, or a negative errno. */
  static open(fd: number): DirectoryReader | number {
    const pointer = outPointer((out) => fileShim().shim_directory__open(fd, out));
    return typeof pointer === "number" ? pointer : new DirectoryReader(pointer);
  }

  /** Fills guest memory with WASI's dirents, from a cookie on; the bytes written. */
  read(memory: LinearMemory, to: { offset: number; sizeBytes: number }, cookie: bigint): number {
    return Number(
      fileShim().shim_directory__read(
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
    fileShim().shim_directory__free(this.#pointer);
    this.#pointer = null;
  }
}
