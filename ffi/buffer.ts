/** Ring buffers and perf event arrays, drained in batches. */
import { type Interrupt, interruptPointer } from "./interrupt.ts";
import { outPointer } from "./c_values.ts";
import { shim } from "./library.ts";
import { type LinearMemory, memoryPointer } from "./memory.ts";
import { type BpfMap, mapPointer } from "./map.ts";

/**
 * The user side of a ring buffer or perf event array. `close()` unmaps it; before the object's.
 *
 * One record in the stage is `{ u32 size; u32 cpu; payload padded to 8 bytes }`.
 */
export class EventBuffer implements Disposable {
  #pointer: Deno.PointerObject | null;
  /** The most bytes that one record takes in the stage. */
  readonly recordMaxBytes: number;

  private constructor(pointer: Deno.PointerObject) {
    this.#pointer = pointer;
    this.recordMaxBytes = Number(shim().shim_buffer__record_max(pointer));
  }

  /**
   * Opens the user side of a map.
   *
   * @param interrupt ends waits for events; to be closed after the buffer
   * @returns -EINVAL for a map that is neither
   */
  static open(map: BpfMap, interrupt: Interrupt): EventBuffer | number {
    const pointer = outPointer((out) =>
      shim().shim_buffer__open(mapPointer(map), interruptPointer(interrupt), out)
    );
    return typeof pointer === "number" ? pointer : new EventBuffer(pointer);
  }

  /**
   * Waits for events and copies a batch to `stage`.
   *
   * @param capacityBytes room at `offset`, 8 or more
   * @param timeoutMs 0 does not wait, below 0 waits without end
   * @returns bytes staged, 0 on time-out, or a negative errno: -EINTR and -ERESTART as the interrupt
   *   says, -ENOSPC when the first record is longer than that: only its header is written, and it stays
   *   first
   */
  poll(stage: LinearMemory, offset: number, capacityBytes: number, timeoutMs: number): number {
    return shim().shim_buffer__poll(
      this.#pointer,
      memoryPointer(stage),
      offset,
      capacityBytes,
      timeoutMs,
    );
  }

  /**
   * The same as {@linkcode poll}, to who asked: the records count in {@linkcode readCount}.
   */
  read(memory: LinearMemory, offset: number, capacityBytes: number, timeoutMs: number): number {
    return shim().shim_buffer__read(
      this.#pointer,
      memoryPointer(memory),
      offset,
      capacityBytes,
      timeoutMs,
    );
  }

  /**
   * Shows a ring buffer at the start of `memory`, in place of what is there, as `ring_pump.wat` describes;
   * until {@linkcode hide}, which comes before the memory's end.
   *
   * @returns bytes of a page, or a negative errno: -EOPNOTSUPP for a perf event array
   */
  show(memory: LinearMemory): number {
    return shim().shim_buffer__show(this.#pointer, memoryPointer(memory));
  }

  /** Puts empty pages where the ring buffer was shown. */
  hide(): void {
    shim().shim_buffer__hide(this.#pointer);
  }

  /**
   * Waits until a ring buffer has records, of which the kernel may not have completed the first.
   *
   * @param timeoutMs 0 does not wait, below 0 waits without end
   * @returns 1, 0 on time-out, or a negative errno: -EINTR and -ERESTART as the interrupt says
   */
  wait(timeoutMs: number): number {
    return shim().shim_buffer__wait(this.#pointer, timeoutMs);
  }

  /**
   * Lets waits for events of a ring buffer take up to `latencyMs` longer when events come fast, so that
   * they are read together. Initially 0: every event is read at once.
   */
  setLatency(latencyMs: number): void {
    shim().shim_buffer__set_latency(this.#pointer, Math.round(latencyMs * 1000));
  }

  /** Events that {@linkcode read} has handed out. */
  get readCount(): number {
    return Number(shim().shim_buffer__read_count(this.#pointer));
  }

  /** What the last poll or read had still to wait when it was interrupted. */
  get leftMs(): number {
    return shim().shim_buffer__left_ms(this.#pointer);
  }

  /** Events that the kernel dropped and told about; perf event arrays only. */
  get lost(): number {
    return Number(shim().shim_buffer__lost(this.#pointer));
  }

  /** Unmaps the buffer; events in it are the map's still. Again does nothing. */
  close(): void {
    shim().shim_buffer__free(this.#pointer);
    this.#pointer = null;
  }

  /** The same as {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
