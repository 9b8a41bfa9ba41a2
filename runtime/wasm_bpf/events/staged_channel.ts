/** Events of a perf event array, copied to the stage in batches. */
import { errno, type EventBuffer } from "../../../ffi/mod.ts";
import type { GuestMemory } from "../../guest_memory.ts";
import { type Region, REGION_HEADER_BYTES, type Stage } from "./stage.ts";
import type { CallbackTable } from "./callbacks.ts";
import {
  type ChannelStats,
  type EventChannel,
  type PollArguments,
  type PollContext,
  type ReadArguments,
} from "./event_channel.ts";

/** Bytes of events that one batch takes from the kernel: few enough to stay in a processor's cache. */
const BATCH_BYTES = 128 * 1024;

/** A wait that is to be gone on with. */
const RESTART = -errno("ERESTART");

/** The first record is longer than the place for it. */
const NO_ROOM = -errno("ENOSPC");

/** Bytes before a record's payload: its size and its CPU. */
const RECORD_HEADER_BYTES = 8;

/**
 * A buffer that libbpf reads. Between two polls, what was staged but not yet delivered waits in the
 * region: nothing is lost, and nothing comes twice.
 */
export class StagedChannel implements EventChannel {
  readonly #buffer: EventBuffer;
  readonly #context: PollContext;
  readonly #stage: Stage;
  readonly #region: Region;
  #batches = 0;
  #discarded = false;

  private constructor(buffer: EventBuffer, context: PollContext, region: Region) {
    this.#buffer = buffer;
    this.#context = context;
    this.#stage = context.stage;
    this.#region = region;
  }

  /** `undefined` when the stage has no room left. */
  static open(buffer: EventBuffer, context: PollContext): StagedChannel | undefined {
    const region = context.stage.allocate(Math.max(BATCH_BYTES, buffer.recordMaxBytes));
    return region && new StagedChannel(buffer, context, region);
  }

  poll(callbacks: CallbackTable, args: PollArguments): number {
    const pump = callbacks.stagePump(this.#stage);
    const { callback, context, data, maxBytes } = args;
    const { offset } = this.#region;
    let total = 0;
    let more = this.#hasStaged();
    // Staged events wait until the guest has been notified of the end.
    if (more) {
      const asked = this.#takeInterrupt();
      if (asked < 0) return asked;
    }
    for (;;) {
      if (!more) {
        const staged = this.#refill(total > 0 ? 0 : args.timeoutMs);
        if (staged < 0) return this.#endEarly(total, staged);
        if (staged === 0) return total;
        // Less than half a batch was not ended by a record that had no room.
        more = staged > BATCH_BYTES / 2;
      }
      const result = pump(offset, callback, context, data, maxBytes);
      if (result < 0) return result;
      total += result;
      // Discarded, or ended by an interrupt: the rest is the next poll's.
      if (this.#discarded || this.#hasStaged()) return total;
      // A batch that was not full has emptied the buffer: what came since is the next poll's.
      if (!more) return total;
      more = false;
    }
  }

  /**
   * Puts records into guest memory: those that a poll has staged and not delivered come first; all
   * others go there directly.
   *
   * @returns bytes written, 0 on time-out, or a negative errno; -ENOSPC when the first record does not
   *   fit: its header is written, and it stays first
   */
  read(memory: GuestMemory, args: ReadArguments): number {
    if (this.#hasStaged()) return this.#readStaged(memory, args);
    const { sizeBytes, timeoutMs } = args;
    const offset = args.buffer >>> 0;
    let result = this.#buffer.read(memory.linear, offset, sizeBytes, timeoutMs);
    while (result === RESTART) {
      result = this.#buffer.read(memory.linear, offset, sizeBytes, this.#attend(timeoutMs));
    }
    if (result > 0) this.#batches += 1;
    return result;
  }

  /** Does what attention was asked for; how long is still to be waited. */
  #attend(timeoutMs: number): number {
    this.#context.attend();
    return timeoutMs > 0 ? this.#buffer.leftMs : timeoutMs;
  }

  #readStaged(memory: GuestMemory, { buffer, sizeBytes }: ReadArguments): number {
    const header = this.#stage.view();
    const { offset } = this.#region;
    const start = header.getUint32(offset, true);
    const end = header.getUint32(offset + 4, true);
    let at = start;
    let count = 0;
    while (at < end) {
      const padded = (header.getUint32(at, true) + 7) & ~7;
      const next = at + RECORD_HEADER_BYTES + padded;
      if (next - start > sizeBytes) break;
      at = next;
      count += 1;
    }
    const fits = count > 0;
    const taken = fits ? at - start : RECORD_HEADER_BYTES;
    memory.write(buffer, this.#stage.linear.bytes.subarray(start, start + taken));
    if (!fits) return -errno("ENOSPC");
    header.setUint32(offset, at, true);
    header.setBigUint64(offset + 8, header.getBigUint64(offset + 8, true) + BigInt(count), true);
    return taken;
  }

  /** An interrupt after events that were handled: these are reported now, it is next time. */
  #endEarly(total: number, error: number): number {
    if (total === 0) return error;
    if (error === -errno("EINTR")) this.#context.interrupt.raise();
    return total;
  }

  #takeInterrupt(): number {
    let asked = this.#context.interrupt.take();
    while (asked === RESTART) {
      this.#context.attend();
      asked = this.#context.interrupt.take();
    }
    return asked;
  }

  #hasStaged(): boolean {
    const header = this.#stage.view();
    const { offset } = this.#region;
    return header.getUint32(offset, true) < header.getUint32(offset + 4, true);
  }

  #refill(timeoutMs: number): number {
    const start = this.#region.offset + REGION_HEADER_BYTES;
    const { linear } = this.#stage;
    let capacity = BATCH_BYTES;
    let left = timeoutMs;
    let staged = this.#buffer.poll(linear, start, capacity, left);
    while (staged === RESTART || staged === NO_ROOM) {
      // A record longer than a batch: the region has room for the longest there can be.
      if (staged === NO_ROOM) capacity = this.#region.sizeBytes - REGION_HEADER_BYTES;
      else left = this.#attend(timeoutMs);
      staged = this.#buffer.poll(linear, start, capacity, left);
    }
    if (staged > 0) {
      this.#batches += 1;
      const header = this.#stage.view();
      header.setUint32(this.#region.offset, start, true);
      header.setUint32(this.#region.offset + 4, start + staged, true);
    }
    return staged;
  }

  /** Drops what is staged, so that a poll in progress ends with the event it is at. */
  discard(): void {
    const header = this.#stage.view();
    header.setUint32(this.#region.offset + 4, 0, true);
    this.#discarded = true;
  }

  get stats(): ChannelStats {
    const header = this.#stage.view();
    const { offset } = this.#region;
    return {
      delivered: Number(header.getBigUint64(offset + 8, true)) + this.#buffer.readCount,
      lost: this.#buffer.lost,
      truncated: Number(header.getBigUint64(offset + 16, true)),
      batches: this.#batches,
    };
  }

  [Symbol.dispose](): void {
    this.#buffer.close();
    this.#stage.release(this.#region);
  }
}
