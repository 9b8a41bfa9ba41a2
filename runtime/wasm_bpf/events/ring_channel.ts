/** Events of a ring buffer, read where the kernel writes them. */
import { errno, type EventBuffer, Interrupt, LinearMemory } from "../../../ffi/mod.ts";
import type { GuestMemory } from "../../guest_memory.ts";
import { createRingPump, type RingPump } from "./pump.ts";
import type { CallbackTable } from "./callbacks.ts";
import {
  type ChannelStats,
  type EventChannel,
  type PollArguments,
  type PollContext,
  type ReadArguments,
} from "./event_channel.ts";

const WASM_PAGE_BYTES = 65536;
/** A memory has at most 4 GiB, of which the ring takes twice its size. */
const MAX_RING_BYTES = 2 ** 30;
/** Next to the data: the consumer's and the producer's page, the state, and the interrupt's flags. */
const EXTRA_PAGES = 4;
/** No processor that Linux runs on has larger pages. */
const MAX_PAGE_BYTES = 65536;

/** Fields of the state; the layout is in `ring_pump.wat`. */
const END = 8;
const DELIVERED = 16;
const TRUNCATED = 24;

const RESTART = -errno("ERESTART");

/**
 * A ring buffer whose pages are mapped over a WebAssembly memory, where the pump reads them: no call
 * into C and no copy but the one to the guest.
 *
 * The cursor between two polls is in that memory, where {@linkcode read} goes on as well.
 */
export class RingChannel implements EventChannel {
  readonly #buffer: EventBuffer;
  readonly #context: PollContext;
  readonly #memory: WebAssembly.Memory;
  readonly #linear: LinearMemory;
  readonly #state: DataView;
  readonly #layout: { pageBytes: number; sizeBytes: number; state: number; flags: number };
  readonly #pumps = new Map<CallbackTable, RingPump>();
  #batches = 0;

  private constructor(
    buffer: EventBuffer,
    context: PollContext,
    shown: { memory: WebAssembly.Memory; linear: LinearMemory; pageBytes: number },
  ) {
    const sizeBytes = buffer.recordMaxBytes;
    const state = 2 * shown.pageBytes + 2 * sizeBytes;
    this.#buffer = buffer;
    this.#context = context;
    this.#memory = shown.memory;
    this.#linear = shown.linear;
    const flags = state + shown.pageBytes;
    this.#layout = { pageBytes: shown.pageBytes, sizeBytes, state, flags };
    this.#state = new DataView(shown.memory.buffer, state, shown.pageBytes);
  }

  /** Returns `undefined` when the buffer cannot be mapped: it is then read through the stage. */
  static open(buffer: EventBuffer, context: PollContext): RingChannel | undefined {
    const sizeBytes = buffer.recordMaxBytes;
    if (sizeBytes > MAX_RING_BYTES) return undefined;
    const bytes = 2 * sizeBytes + EXTRA_PAGES * MAX_PAGE_BYTES;
    const memory = context.memories.take(Math.ceil(bytes / WASM_PAGE_BYTES));
    if (memory === undefined) return undefined;
    const linear = new LinearMemory(memory);
    const pageBytes = buffer.show(linear);
    if (pageBytes > 0) {
      const flags = 3 * pageBytes + 2 * sizeBytes;
      if (context.interrupt.show(linear, flags) === 0) {
        return new RingChannel(buffer, context, { memory, linear, pageBytes });
      }
      buffer.hide();
    }
    linear.close();
    context.memories.give(memory);
    return undefined;
  }

  poll(callbacks: CallbackTable, args: PollArguments): number {
    const pump = this.#pump(callbacks);
    let timeoutMs = args.timeoutMs;
    for (;;) {
      const ready = this.#buffer.wait(timeoutMs);
      if (ready === RESTART) {
        this.#context.attend();
        timeoutMs = this.#left(timeoutMs);
        continue;
      }
      if (ready <= 0) return ready;
      const result = this.#run(pump, args);
      if (result !== 0) return result;
      // Nothing but discarded records, or the kernel is still at the first one.
      if (timeoutMs === 0) return 0;
      timeoutMs = this.#left(timeoutMs);
    }
  }

  #run(pump: RingPump, { callback, context, data, maxBytes }: PollArguments): number {
    let ended = false;
    try {
      const result = pump.pump(callback, context, data, maxBytes);
      ended = true;
      if (result !== 0) this.#batches += 1;
      return result;
    } finally {
      // A trap or an exit: what was handed over is the guest's, and the kernel's to overwrite.
      if (!ended) pump.release();
    }
  }

  #left(timeoutMs: number): number {
    return timeoutMs > 0 ? this.#buffer.leftMs : timeoutMs;
  }

  read(memory: GuestMemory, { buffer, sizeBytes, timeoutMs }: ReadArguments): number {
    let result = this.#buffer.read(memory.linear, buffer >>> 0, sizeBytes, timeoutMs);
    while (result === RESTART) {
      this.#context.attend();
      const left = this.#left(timeoutMs);
      result = this.#buffer.read(memory.linear, buffer >>> 0, sizeBytes, left);
    }
    if (result > 0) this.#batches += 1;
    return result;
  }

  #pump(callbacks: CallbackTable): RingPump {
    let pump = this.#pumps.get(callbacks);
    if (pump === undefined) {
      pump = createRingPump(callbacks, { memory: this.#memory, ...this.#layout });
      this.#pumps.set(callbacks, pump);
    }
    return pump;
  }

  discard(): void {
    this.#state.setBigUint64(END, 0n, true);
  }

  get stats(): ChannelStats {
    return {
      delivered: Number(this.#state.getBigUint64(DELIVERED, true)) + this.#buffer.readCount,
      lost: this.#buffer.lost,
      truncated: Number(this.#state.getBigUint64(TRUNCATED, true)),
      batches: this.#batches,
    };
  }

  [Symbol.dispose](): void {
    this.#buffer.hide();
    Interrupt.hide(this.#linear, this.#layout.flags);
    this.#buffer.close();
    this.#linear.close();
    this.#context.memories.give(this.#memory);
  }
}
