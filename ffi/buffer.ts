/** Ring buffers and perf event arrays, drained in batches. */
import { type Interrupt, interruptPointer } from "./interrupt.ts";
import { outPointer } from "./c_values.ts";
import { shim } from "./library.ts";
import { type LinearMemory, memoryPointer } from "./memory.ts";
import { type BpfMap, mapPointer } from "./map.ts";

/** Returns the shim's pointer of a buffer. For `ffi/` only. */
export let bufferPointer: (buffer: EventBuffer) => Deno.PointerObject | null;

/**
 * The user side of a ring buffer or perf event array. `close()` unmaps it; call it before the object's `close()`.
 *
 * One record in the stage is `{ u32 size; u32 cpu; payload padded to 8 bytes }`.
 */
export class EventBuffer implements Disposable {
  #pointer: Deno.PointerObject | null;
  /** Largest record in the stage, in bytes. */
  readonly recordMaxBytes: number;

  static {
    bufferPointer = (buffer) => buffer.#pointer;
  }

  private constructor(pointer: Deno.PointerObject) {
    this.#pointer = pointer;
    this.recordMaxBytes = Number(shim().shim_buffer__record_max(pointer));
  }

  /**
   * Opens the user side of a map.
   *
   * @param interrupt ends waits for events; close it after the buffer
   * @returns -EINVAL for a map of another type
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
   * @returns bytes staged, 0 on time-out, or a negative errno: -EINTR and -ERESTART from the interrupt;
   *   -ENOSPC if the first record is longer: only its header is written, and the record stays first
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
   * Like {@linkcode poll}, on behalf of the guest: {@linkcode readCount} counts the records.
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
   * Maps a ring buffer over the start of `memory`, as `ring_pump.wat` describes, until
   * {@linkcode hide}, which must precede the memory's end.
   *
   * @returns bytes of a page, or a negative errno: -EOPNOTSUPP for a perf event array
   */
  show(memory: LinearMemory): number {
    return shim().shim_buffer__show(this.#pointer, memoryPointer(memory));
  }

  /** Replaces the shown ring buffer by empty pages. */
  hide(): void {
    shim().shim_buffer__hide(this.#pointer);
  }

  /**
   * Waits until a ring buffer has records; the first may be incomplete.
   *
   * @param timeoutMs 0 does not wait, below 0 waits without end
   * @returns 1, 0 on time-out, or a negative errno: -EINTR and -ERESTART from the interrupt
   */
  wait(timeoutMs: number): number {
    return shim().shim_buffer__wait(this.#pointer, timeoutMs);
  }

  /**
   * Extends waits for events by up to `latencyMs` at high rates, so that events are read
   * in batches. Initially 0: every event is read at once.
   */
  setLatency(latencyMs: number): void {
    shim().shim_buffer__set_latency(this.#pointer, Math.round(latencyMs * 1000));
  }

  /** Number of events that {@linkcode read} has returned. */
  get readCount(): number {
    return Number(shim().shim_buffer__read_count(this.#pointer));
  }

  /** Remaining wait of the last poll or read when it was interrupted, in milliseconds. */
  get leftMs(): number {
    return shim().shim_buffer__left_ms(this.#pointer);
  }

  /** Events that the kernel reported as dropped; perf event arrays only. */
  get lost(): number {
    return Number(shim().shim_buffer__lost(this.#pointer));
  }

  /** Unmaps the buffer; its events stay in the map. Further calls do nothing. */
  close(): void {
    shim().shim_buffer__free(this.#pointer);
    this.#pointer = null;
  }

  /** Calls {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
