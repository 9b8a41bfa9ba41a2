// SPDX-License-Identifier: MIT
/** Events from programs: ring buffers and perf event arrays. */
import { EINTR, ENOSPC } from "./errno";
import { bufferRead, bufferStats, showInterrupt } from "./imports";
import { infoOf } from "./map";

/**
 * Room for events at first; it grows when one does not fit. That of a ring buffer stays in the
 * processor's first cache; a read of a perf event array looks at the buffers of all CPUs.
 */
const RING_ROOM: u32 = 8192;
const PERF_ROOM: u32 = 65536;
const BPF_MAP_TYPE_RINGBUF: u32 = 27;
/** `{ u32 size; u32 cpu }` in front of each event. */
const HEADER: u32 = 8;

/** A page that the host replaces: its first word is not 0 while the guest is asked to end. */
const interrupt: usize = (memory.data(8192, 16) + 4095) & ~4095;

// @ts-ignore: decorator
@inline
function isInterrupted(): bool {
  return load<u32>(interrupt) != 0;
}

/** Takes one event: where it is, its bytes and its CPU. */
export type Handler = (data: usize, size: u32, cpu: u32) => void;

/**
 * Called through the table, so that it stays a function of its own, which engines compile well when it
 * is called again. In the program's main loop, where the compiler would put it, it would run as it was
 * compiled at first.
 */
const drain: (start: usize, end: usize, handle: Handler) => usize = drainEvents;

function drainEvents(start: usize, end: usize, handle: Handler): usize {
  let at = start;
  let size: u32 = 0;
  let step: usize = HEADER;
  while (at < end && !isInterrupted()) {
    const next = load<u32>(at);
    // A branch: while events have one size, the processor goes on by it before this header has come
    // from memory.
    if (next != size) {
      size = next;
      step = (HEADER + size + 7) & ~7;
    }
    const event = at + HEADER;
    const cpu = load<u32>(at, 4);
    at += step;
    handle(event, size, cpu);
  }
  return at;
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
  /** Size of the last event, and its bytes with header and padding. */
  private lastSize: u32 = 0;
  private lastStep: u32 = HEADER;
  /** True if an interrupt left events between `at` and `end`. */
  private isCut: bool = false;
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
    const info = infoOf(token);
    const isRing = info != 0 && load<u32>(info) == BPF_MAP_TYPE_RINGBUF;
    this.room = isRing ? RING_ROOM : PERF_ROOM;
    this.bytes = heap.alloc(this.room);
  }

  /** Returns a buffer of an object; null when the map does not hold events. */
  static of(object: u64, token: i32): Buffer | null {
    const buffer = new Buffer(object, token);
    // One of all buffers is enough; without it, a batch is handled to its end.
    showInterrupt(interrupt);
    // The first read opens the buffer, and fails when the map does not hold events.
    const result = bufferRead(object, token, buffer.bytes, HEADER, 0);
    return result < 0 && result != ENOSPC ? null : buffer;
  }

  /**
   * Waits for events up to `timeoutMs` (0: not at all, negative: for ever): the bytes of all that came
   * and fit, 0 when the time is over, `EINTR` when the guest is asked to end. Then `next()` gives them.
   * Events that `next()` did not give because of an interrupt come with the poll after `EINTR`.
   */
  poll(timeoutMs: i32): i32 {
    if (this.isCut) {
      const none = memory.data(8, 8);
      if (isInterrupted() && bufferRead(this.object, this.token, none, HEADER, 1) == EINTR) {
        return EINTR;
      }
      this.isCut = false;
      return <i32>(this.end - this.at);
    }
    for (;;) {
      const result = bufferRead(this.object, this.token, this.bytes, this.room, timeoutMs);
      if (result == ENOSPC) {
        // The header has the size of the event that does not fit.
        this.room = max<u32>(HEADER + load<u32>(this.bytes), this.room * 2);
        heap.free(this.bytes);
        this.bytes = heap.alloc(this.room);
        continue;
      }
      this.at = this.bytes;
      this.end = this.bytes + max<i32>(result, 0);
      return result;
    }
  }

  /**
   * Waits as `poll()` does, and calls `handle`, which does not poll this buffer, for each event that
   * came. The result is that of `poll()`, whose rules hold. Faster than `next()` where events are many.
   */
  each(timeoutMs: i32, handle: Handler): i32 {
    const result = this.poll(timeoutMs);
    if (result > 0) this.at = drain(this.at, this.end, handle);
    this.isCut = this.at < this.end;
    return result;
  }

  /**
   * Goes to the next event of those that came: whether there is one, and the guest is not asked to
   * end.
   */
  next(): bool {
    // Each field once: the loop around it is compiled once, without a look at what is loaded again.
    const at = this.at;
    if (at >= this.end) return false;
    if (isInterrupted()) {
      this.isCut = true;
      return false;
    }
    const size = load<u32>(at);
    this.size = size;
    this.cpu = load<u32>(at, 4);
    this.data = at + HEADER;
    // A branch: while events have one size, the processor goes on by it before this header has come from
    // memory.
    if (size != this.lastSize) {
      this.lastSize = size;
      this.lastStep = (HEADER + size + 7) & ~7;
    }
    this.at = at + this.lastStep;
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
