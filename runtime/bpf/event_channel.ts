/** One ring buffer or perf event array that a guest polls. */
import { type BpfMap, errno, EventBuffer, interrupt } from "../../ffi/mod.ts";
import type { Pump } from "../pump.ts";
import { type Region, REGION_HEADER_BYTES, type Stage } from "../stage.ts";

/** Bytes of events that one batch takes from the kernel, more or less one record. */
const BATCH_BYTES = 256 * 1024;

/** What the guest gave to `wasm_bpf_buffer_poll`. */
export interface PollArguments {
  callback: number;
  context: number;
  data: number;
  maxBytes: number;
  timeoutMs: number;
}

/** What a buffer has seen since it was opened. */
export interface ChannelStats {
  delivered: number;
  /** Dropped by the kernel, which says so for perf event arrays only. */
  lost: number;
  /** Delivered, but cut to the guest's buffer. */
  truncated: number;
}

/**
 * Events on their way from the kernel to a callback. Between two polls, what was staged but not yet
 * delivered waits in the region: nothing is lost, and nothing comes twice.
 */
export class EventChannel implements Disposable {
  readonly #buffer: EventBuffer;
  readonly #stage: Stage;
  readonly #region: Region;

  private constructor(buffer: EventBuffer, stage: Stage, region: Region) {
    this.#buffer = buffer;
    this.#stage = stage;
    this.#region = region;
  }

  /** -EINVAL when the map is neither a ring buffer nor a perf event array. */
  static open(map: BpfMap, stage: Stage): EventChannel | number {
    const buffer = EventBuffer.open(map);
    if (typeof buffer === "number") return buffer;
    const region = stage.allocate(BATCH_BYTES + buffer.recordMaxBytes);
    if (region === undefined) {
      buffer.close();
      return -errno("ENOMEM");
    }
    return new EventChannel(buffer, stage, region);
  }

  /**
   * Waits for events and calls back for each, until the buffer is empty.
   *
   * @returns number of events, 0 on time-out, the callback's negative result, or a negative errno
   */
  poll(pump: Pump, args: PollArguments): number {
    const { callback, context, data, maxBytes } = args;
    const { offset } = this.#region;
    let total = 0;
    let more = this.#hasStaged();
    for (;;) {
      if (!more) {
        const staged = this.#refill(total > 0 ? 0 : args.timeoutMs);
        if (staged < 0) return this.#endEarly(total, staged);
        if (staged === 0) return total;
        more = staged >= BATCH_BYTES;
      }
      const result = pump(offset, callback, context, data, maxBytes);
      if (result < 0) return result;
      total += result;
      // A batch that was not full has emptied the buffer: what came since is the next poll's.
      if (!more) return total;
      more = false;
    }
  }

  /** An interrupt behind events that were handled: these are reported now, it is next time. */
  #endEarly(total: number, error: number): number {
    if (total === 0) return error;
    if (error === -errno("EINTR")) interrupt.raise();
    return total;
  }

  #hasStaged(): boolean {
    const header = this.#stage.view();
    const { offset } = this.#region;
    return header.getUint32(offset, true) < header.getUint32(offset + 4, true);
  }

  #refill(timeoutMs: number): number {
    const start = this.#region.offset + REGION_HEADER_BYTES;
    const capacity = this.#region.sizeBytes - REGION_HEADER_BYTES;
    const staged = this.#buffer.poll(this.#stage.linear, start, capacity, timeoutMs);
    if (staged > 0) {
      const header = this.#stage.view();
      header.setUint32(this.#region.offset, start, true);
      header.setUint32(this.#region.offset + 4, start + staged, true);
    }
    return staged;
  }

  /** Drops what is staged, so that a batch in progress ends with the event it is at. */
  discard(): void {
    const header = this.#stage.view();
    header.setUint32(this.#region.offset + 4, 0, true);
  }

  get stats(): ChannelStats {
    const header = this.#stage.view();
    const { offset } = this.#region;
    return {
      delivered: Number(header.getBigUint64(offset + 8, true)),
      lost: this.#buffer.lost,
      truncated: Number(header.getBigUint64(offset + 16, true)),
    };
  }

  [Symbol.dispose](): void {
    this.#buffer.close();
    this.#stage.release(this.#region);
  }
}
