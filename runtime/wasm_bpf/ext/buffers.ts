/** Events without a callback, their counts, and what ends a loop over them. */
import { errno } from "../../../ffi/mod.ts";
import type { BpfContext } from "../context.ts";
import type { ChannelStats } from "../events/event_channel.ts";
import { createInterruptProbe } from "../events/stage.ts";
import { holdsEvents } from "../../../ebpf/mod.ts";

/** A record's `{ u32 size; u32 cpu }`; a buffer that does not even hold one is a mistake. */
const RECORD_HEADER_BYTES = 8;
/** Bytes of a page that guests reserve: the kernel's on x86-64, and mostly on arm64. */
const GUEST_PAGE_BYTES = 4096;
/** `{ u64 delivered, lost, truncated }` */
const STATS_BYTES = 24;

const UNOPENED: ChannelStats = { delivered: 0, lost: 0, truncated: 0, batches: 0 };

/** Placeholder of a function that the guest does not import. */
const NOT_IMPORTED = () => 0;

/** Function `buffer_read` with the object's handle as a number. */
function readBuffer(
  context: BpfContext,
  handle: number,
  token: number,
  buffer: number,
  sizeBytes: number,
  timeoutMs: number,
): number {
  const { memory, objects, maps } = context;
  const object = objects.find(handle);
  if (object === undefined) return -errno("EINVAL");
  const entry = maps.find(token);
  if (entry?.object !== object) return -errno("EBADF");
  if (sizeBytes < 0 || !memory.contains(buffer, sizeBytes)) return -errno("EFAULT");
  if (sizeBytes < RECORD_HEADER_BYTES) return -errno("EINVAL");
  return object.read(entry.map, context, memory, { buffer, sizeBytes, timeoutMs });
}

/** Function `buffer_read` with the object's handle in two halves. */
export function readBufferSplit(context: BpfContext): (
  low: number,
  high: number,
  token: number,
  buffer: number,
  sizeBytes: number,
  timeoutMs: number,
) => number {
  return (low, high, token, buffer, sizeBytes, timeoutMs) =>
    // No object has a handle of more than 31 bits.
    readBuffer(context, high === 0 ? low : 0, token, buffer, sizeBytes, timeoutMs);
}

/** @param isImported reports whether the guest imports a function */
export function bufferImports(
  context: BpfContext,
  isImported: (name: string) => boolean,
): WebAssembly.ModuleImports {
  const { memory, objects, maps } = context;
  return {
    /**
     * Waits for events of a buffer, and copies records without a callback.
     *
     * `obj`, `fd`: handle and token. `buf`, `buf_size`: written, records of `{ u32 size; u32 cpu;
     * payload }`, padded to 8 bytes. `timeout_ms`: 0 does not wait, negative waits for ever.
     *
     * Returns the bytes written, 0 on time-out. ENOSPC: the first record does not fit; its header
     * is written, and it stays. EINVAL: stale handle, fewer than 8 bytes, or map that is not a
     * buffer. EBADF: stale token, or of another object. EFAULT: `buf` is outside of the memory.
     * ENOMEM: no memory for the buffer. EINTR: the guest is asked to end.
     */
    "buffer_read": (
      handle: bigint,
      token: number,
      buffer: number,
      sizeBytes: number,
      timeoutMs: number,
    ) => readBuffer(context, Number(handle), token, buffer, sizeBytes, timeoutMs),
    /**
     * Returns 1 while the guest is asked to end and has not got EINTR for it, else 0.
     *
     * Reads and writes nothing, and does not fail. A function in WebAssembly, since guests call it
     * for each record.
     */
    "is_interrupted": isImported("is_interrupted")
      ? createInterruptProbe(context.stage)
      : NOT_IMPORTED,
    /**
     * Replaces a page of guest memory by one whose first u32 is not 0 while `is_interrupted`
     * is 1.
     *
     * `page`: 4096 bytes, replaced.
     *
     * EBUSY: the guest has such a page. EINVAL: not aligned to the host's pages. EFAULT: outside of
     * the memory. ENOMEM: no memory for the mapping.
     */
    "interrupt_page": (page: number) => {
      if (!memory.contains(page, GUEST_PAGE_BYTES)) return -errno("EFAULT");
      return context.interrupt.showGuest(memory.linear, page >>> 0);
    },
    /**
     * Writes counts of a buffer since it was opened; zeros before.
     *
     * `obj`, `fd`: handle and token. `out`: `{ u64 delivered, lost, truncated }`, written.
     *
     * EINVAL: stale handle, or map that is not a buffer. EBADF: stale token, or of another object.
     * EFAULT: `out` is outside of the memory.
     */
    "buffer_stats": (handle: bigint, token: number, out: number) => {
      const object = objects.get(handle);
      if (object === undefined) return -errno("EINVAL");
      const entry = maps.get(token);
      if (entry?.object !== object) return -errno("EBADF");
      if (!holdsEvents(entry.map.type)) return -errno("EINVAL");
      if (!memory.contains(out, STATS_BYTES)) return -errno("EFAULT");
      const { delivered, lost, truncated } = object.statsOf(entry.map) ?? UNOPENED;
      [delivered, lost, truncated].forEach((value, i) =>
        memory.setU64((out >>> 0) + i * 8, BigInt(value))
      );
      return 0;
    },
  };
}
