/** User ring buffers: samples from a guest to its eBPF programs. */
import { type Interrupt, interruptPointer } from "./interrupt.ts";
import { outPointer } from "./c_values.ts";
import { shim } from "./library.ts";
import { type BpfMap, mapPointer } from "./map.ts";
import { type LinearMemory, memoryPointer } from "./memory.ts";

/** The producing side of a `BPF_MAP_TYPE_USER_RINGBUF`. `close()` unmaps it; before the object's. */
export class UserRing implements Disposable {
  #pointer: Deno.PointerObject | null;

  private constructor(pointer: Deno.PointerObject) {
    this.#pointer = pointer;
  }

  /** -EINVAL for a map of another type. `interrupt` ends its waits, and is closed later. */
  static open(map: BpfMap, interrupt: Interrupt): UserRing | number {
    const pointer = outPointer((out) =>
      shim().shim_user_ring__open(mapPointer(map), interruptPointer(interrupt), out)
    );
    return typeof pointer === "number" ? pointer : new UserRing(pointer);
  }

  /**
   * Copies a sample into the ring.
   *
   * @param timeoutMs how long to wait for room; 0 not at all, below 0 without end
   * @returns 0, or -ENOSPC without room, -E2BIG when there can be none, -EINTR and -ERESTART
   *   as the interrupt says
   */
  submit(memory: LinearMemory, offset: number, sizeBytes: number, timeoutMs: number): number {
    return shim().shim_user_ring__submit(
      this.#pointer,
      memoryPointer(memory),
      offset,
      sizeBytes,
      timeoutMs,
    );
  }

  /** Unmaps the ring. Again does nothing. */
  close(): void {
    shim().shim_user_ring__free(this.#pointer);
    this.#pointer = null;
  }

  /** The same as {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
