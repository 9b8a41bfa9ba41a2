/** Entries of a guest's directory. */
import { outPointer } from "./c_values.ts";
import { fileShim } from "./file.ts";
import { type LinearMemory, memoryPointer } from "./memory.ts";

/** Reader of a directory's entries; close it before its descriptor. */
export class DirectoryReader {
  #pointer: Deno.PointerObject | null;

  private constructor(pointer: Deno.PointerObject) {
    this.#pointer = pointer;
  }

  /** Opens a descriptor of a directory; returns a negative errno on failure. */
  static open(fd: number): DirectoryReader | number {
    const pointer = outPointer((out) => fileShim().shim_directory__open(fd, out));
    return typeof pointer === "number" ? pointer : new DirectoryReader(pointer);
  }

  /** Writes WASI dirents to guest memory, from a cookie on; returns the bytes written. */
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

  /** Discards entries that were read ahead. */
  close(): void {
    fileShim().shim_directory__free(this.#pointer);
    this.#pointer = null;
  }
}
