/** One ring buffer or perf event array that a guest polls or reads. */
import type { Interrupt } from "../../../ffi/mod.ts";
import type { GuestMemory } from "../../guest_memory.ts";
import type { MemoryPool, Stage } from "./stage.ts";
import type { CallbackTable } from "./callbacks.ts";

/** Arguments of `wasm_bpf_buffer_poll`. */
export interface PollArguments {
  callback: number;
  context: number;
  data: number;
  maxBytes: number;
  timeoutMs: number;
}

/** Arguments of `buffer_read`. */
export interface ReadArguments {
  buffer: number;
  sizeBytes: number;
  timeoutMs: number;
}

/** Context that all waits of a guest share. */
export interface WaitContext {
  /** Ends waits early. */
  readonly interrupt: Interrupt;
  /** Handles the interrupt's request for attention. */
  readonly attend: () => void;
}

/** Context that all buffers of a guest share. */
export interface PollContext extends WaitContext {
  readonly stage: Stage;
  /** For ring buffers to be shown in. */
  readonly memories: MemoryPool;
  /** Delay that events may have when they come fast, in milliseconds; 0 for none. */
  readonly latencyMs: number;
}

/** Counts of a buffer since it was opened. */
export interface ChannelStats {
  delivered: number;
  /** Dropped by the kernel, which reports it for perf event arrays only. */
  lost: number;
  /** Delivered, but cut to the guest's buffer. */
  truncated: number;
  /** Times that events were taken from the kernel. */
  batches: number;
}

/**
 * Events on their way from the kernel to a guest. Every event comes once and in order, whatever a
 * callback does, and however polls and reads take turns.
 */
export interface EventChannel extends Disposable {
  /**
   * Waits for events and calls back for each, until the buffer is empty.
   *
   * @returns number of events, 0 on time-out, the callback's negative result, or a negative errno
   */
  poll(callbacks: CallbackTable, args: PollArguments): number;

  /**
   * Waits for events and puts their records into guest memory.
   *
   * @returns bytes written, 0 on time-out, or a negative errno; -ENOSPC when the first record does not
   *   fit: its header is written, and it stays first
   */
  read(memory: GuestMemory, args: ReadArguments): number;

  /** Makes a batch in progress end with the event it is at; before the end. */
  discard(): void;

  readonly stats: ChannelStats;
}
