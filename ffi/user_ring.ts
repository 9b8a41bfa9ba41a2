/** User ring buffers: samples from a guest to its eBPF programs. */
import { type Interrupt, interruptPointer } from "./interrupt.ts";
import { outPointer } from "./c_values.ts";
import { shim } from "./library.ts";
import { type BpfMap, mapPointer } from "./map.ts";
import { type LinearMemory, memoryPointer } from "./memory.ts";

/** Producer of a `BPF_MAP_TYPE_USER_RINGBUF`. `close()` unmaps it; call it before the object's. */
export class UserRing implements Disposable {
  #pointer: Deno.PointerObject | null;

  private constructor(pointer: Deno.PointerObject) {
    this.#pointer = pointer;
  }

  /** Opens a map; -EINVAL for another type. `interrupt` ends its waits; close it later. */
  static open(map: BpfMap, interrupt: Interrupt): UserRing | number {
    const pointer = outPointer((out) =>
      shim().shim_user_ring__open(mapPointer(map), interruptPointer(interrupt), out)
    );
    return typeof pointer === "number" ? pointer : new UserRing(pointer);
  }

  /**
   * Copies a sample into the ring.
   *
   * @param timeoutMs longest wait for space; 0 does not wait, below 0 waits without end
   * @returns 0, or -ENOSPC without space, -E2BIG for a sample larger than the ring, -EINTR and -ERESTART
   *   from the interrupt
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

  /** Unmaps the ring. Further calls do nothing. */
  close(): void {
    shim().shim_user_ring__free(this.#pointer);
    this.#pointer = null;
  }

  /** Calls {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
