// SPDX-License-Identifier: MIT
/** Events from programs: ring buffers and perf event arrays. */
import { EINTR, ENOSPC } from "./errno";
import { bufferRead, bufferStats, mapInfo, showInterrupt } from "./imports";

/** Room for events at first; it grows when one does not fit. */
const ROOM: u32 = 65536;
/**
 * A ring buffer is read in pieces that are still in the processor's first cache when their events are
 * handled: of so many bytes or events, for a read costs what some ten small events do.
 */
const PIECE: u32 = 4096;
const PIECE_EVENTS: u32 = 64;
/** `BPF_MAP_TYPE_RINGBUF`. */
const RINGBUF: u32 = 27;
/** `{ u32 size; u32 cpu }` in front of each event. */
const HEADER: u32 = 8;

/** A page that the host replaces: its first word is not 0 while the guest is asked to end. */
const interrupt: usize = (memory.data(8192, 16) + 4095) & ~4095;

// @ts-ignore: decorator
@inline
function isInterrupted(): bool {
  return load<u32>(interrupt) != 0;
}

/**
 * A map to read events from, none of which is lost or cut:
 *
 *     while (events.poll(100) >= 0) {
 *       while (events.next()) handle(events.data, events.size);
 *     }
 */
export class Buffer {
  private bytes: usize;
  private room: u32;
  private at: usize = 0;
  private end: usize = 0;
  /** True if an interrupt left events between `at` and `end`. */
  private isCut: bool = false;
  /** Bytes of a read: all there are for perf buffers, since each looks at those of all processors. */
  private piece: u32 = ROOM;
  private isRing: bool = false;
  /** Bytes that were read since `poll()`, and of them the last. */
  private taken: u32 = 0;
  private length: u32 = 0;
  /** Result of a read after the first since `poll()` that failed. */
  private failure: i32 = 0;
  /** Where the event is; good until the next `poll()`. */
  data: usize = 0;
  /** Its bytes. A perf event array may add up to 7 of padding. */
  size: u32 = 0;
  /** The CPU that sent it, for a perf event array; 0 for a ring buffer. */
  cpu: u32 = 0;
  /** Events that were handed over, after `stats()`. */
  delivered: u64 = 0;
  /**
   * Events that the kernel dropped, after `stats()`; the kernel counts them for perf event arrays
   * only.
   */
  lost: u64 = 0;

  private constructor(private object: u64, private token: i32) {
    this.bytes = heap.alloc(ROOM);
    this.room = ROOM;
  }

  /** Returns a buffer of an object; null when the map does not hold events. */
  static of(object: u64, token: i32): Buffer | null {
    const buffer = new Buffer(object, token);
    // One of all buffers is enough; without it, a batch is handled to its end.
    showInterrupt(interrupt);
    // The first read opens the buffer, and fails when the map does not hold events.
    const result = bufferRead(object, token, buffer.bytes, HEADER, 0);
    if (result < 0 && result != ENOSPC) return null;
    const info = memory.data(24, 8);
    if (mapInfo(token, info) == 0 && load<u32>(info) == RINGBUF) {
      buffer.isRing = true;
      buffer.piece = PIECE;
    }
    return buffer;
  }

  /**
   * Waits for events up to `timeoutMs` (0: not at all, negative: for ever): above 0 when some came, 0
   * when the time is over, `EINTR` when the guest is asked to end. Then `next()` gives them.
   * Events that `next()` did not give because of an interrupt come with the poll after `EINTR`.
   */
  poll(timeoutMs: i32): i32 {
    const failure = this.failure;
    if (failure != 0) {
      this.failure = 0;
      return failure;
    }
    if (this.isCut) {
      const none = memory.data(8, 8);
      if (isInterrupted() && bufferRead(this.object, this.token, none, HEADER, 1) == EINTR) {
        return EINTR;
      }
      this.isCut = false;
      return <i32>(this.end - this.at);
    }
    this.taken = 0;
    return this.fill(timeoutMs);
  }

  /** Reads the next piece: the bytes of its records. */
  private fill(timeoutMs: i32): i32 {
    let size = this.piece;
    for (;;) {
      const result = bufferRead(this.object, this.token, this.bytes, size, timeoutMs);
      if (result == ENOSPC) {
        // The header has the size of the event that does not fit.
        const needed = HEADER + load<u32>(this.bytes);
        if (needed > this.room) {
          this.room = max<u32>(needed, this.room * 2);
          heap.free(this.bytes);
          this.bytes = heap.alloc(this.room);
        }
        if (!this.isRing) this.piece = this.room;
        size = this.room;
        continue;
      }
      this.length = max<i32>(result, 0);
      this.taken += this.length;
      this.at = this.bytes;
      this.end = this.bytes + this.length;
      return result;
    }
  }

  /** After a piece: reads the next one when there may be more events; whether there are some. */
  private goesOn(): bool {
    const length = this.length;
    if (length == 0) return false;
    const first = HEADER + load<u32>(this.bytes);
    const isFull = length + first > this.piece;
    if (this.isRing) this.piece = min<u32>(max<u32>(PIECE, first * PIECE_EVENTS), this.room);
    if (!isFull || this.taken + this.piece > this.room) {
      this.length = 0;
      return false;
    }
    const result = this.fill(0);
    // The events before it are reported first.
    if (result < 0) this.failure = result;
    return result > 0;
  }

  /**
   * Goes to the next event of those that came: whether there is one, and the guest is not asked to
   * end.
   */
  next(): bool {
    // Each field once: the loop around it is compiled once, without a look at what is loaded again.
    let at = this.at;
    if (at >= this.end) {
      if (!this.goesOn()) return false;
      at = this.at;
    }
    if (isInterrupted()) {
      this.isCut = true;
      return false;
    }
    const size = load<u32>(at);
    this.size = size;
    this.cpu = load<u32>(at, 4);
    this.data = at + HEADER;
    this.at = (at + HEADER + size + 7) & ~7;
    return true;
  }

  /** Brings `delivered` and `lost` up to date. */
  stats(): i32 {
    const out = memory.data(24, 8);
    const result = bufferStats(this.object, this.token, out);
    this.delivered = load<u64>(out);
    this.lost = load<u64>(out, 8);
    return result;
  }
}
