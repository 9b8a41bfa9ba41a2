/** Statistics of a guest: times, memory, programs and buffers. */
import { type HeldPart, type Interrupt, type RemainingMap, system } from "../ffi/mod.ts";
import type { BufferTotals, ProgramTotals, Totals } from "./wasm_bpf/mod.ts";

/**
 * Statistics of a guest. Names are stable and include their units; `--stats=json` prints their
 * `JSON.stringify()`.
 */
export interface GuestStats {
  /** True if the guest has ended and everything is released, so that nothing more is added. */
  final: boolean;
  /** Milliseconds from its start until now, or until it ended. */
  wallMs: number;
  /** Of these, spent in polls and sleeps, waiting. */
  waitingMs: number;
  /** The others: the guest computing, and the host working for it. */
  runningMs: number;
  /** Its linear memory, which never shrinks. */
  memoryBytes: number;
  /** Memory of the whole process that is in RAM. */
  processRssBytes: number;
  /** By program, objects that are closed included. */
  programs: ProgramTotals[];
  /** By map, of buffers that were polled or read, likewise. */
  buffers: BufferTotals[];
  /**
   * Struct_ops maps of the guest that the kernel still uses, such as a congestion control in a socket;
   * once `final`.
   */
  remaining: RemainingMap[];
  /** Programs and maps of the guest that another process has opened or pinned; once `final`. */
  held: HeldPart[];
}

/** Measures one run from its start. */
export class Meter {
  readonly #interrupt: Interrupt;
  readonly #start = performance.now();
  readonly #waitedBefore: number;
  #end: number | undefined;

  constructor(interrupt: Interrupt) {
    this.#interrupt = interrupt;
    this.#waitedBefore = interrupt.waitedMs;
  }

  /** Ends the guest's time; releasing its resources does not count. */
  stop(): void {
    this.#end = performance.now();
  }

  read(
    now: {
      final: boolean;
      memoryBytes: number;
      totals: Pick<Totals, "programs" | "buffers">;
      remaining: RemainingMap[];
      held: HeldPart[];
    },
  ): GuestStats {
    const wallMs = (this.#end ?? performance.now()) - this.#start;
    const waitingMs = Math.min(this.#interrupt.waitedMs - this.#waitedBefore, wallMs);
    return {
      final: now.final,
      wallMs,
      waitingMs,
      runningMs: wallMs - waitingMs,
      memoryBytes: now.memoryBytes,
      processRssBytes: system.residentBytes(),
      programs: now.totals.programs,
      buffers: now.totals.buffers,
      remaining: now.remaining,
      held: now.held,
    };
  }
}
