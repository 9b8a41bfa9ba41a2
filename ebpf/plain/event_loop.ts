/** Waits for several sources at once, until an interrupt, the end of all sources, or a wish to stop. */
import { errno, type Interrupt, system } from "../../ffi/mod.ts";

/** Something that is read when its descriptor is readable. */
export interface Source {
  /** For poll(2); below 0 for a source that is read at each round. */
  readonly descriptor: number;
  /**
   * Reads what there is, without waiting.
   *
   * @returns above 0 if there may be more at once; -EINTR or -ERESTART if it took an interrupt, which no
   *   other read reports again
   */
  drain(): number;
  /** Waits by itself up to `timeoutMs`, then reads; for a source that is the only one. */
  wait?(timeoutMs: number): number;
}

/** Work that is done at an interval. */
export interface Timer {
  readonly periodMs: number;
  due(): void;
}

/** Reasons for the end of the loop. */
export type LoopEnd = "stopped" | "interrupted";

/** Parts of a loop. */
export interface LoopParts {
  readonly interrupt: Interrupt;
  readonly sources: readonly Source[];
  readonly timers: readonly Timer[];
  /** Asked after each round. */
  isDone(): boolean;
  /** Does what attention was requested for, such as statistics. */
  attend(): void;
}

/** Records that were submitted without a wake-up are found within this time. */
const IDLE_LOOK_MS = 100;
/** Rounds of one source before the others get their turn. */
const MAX_ROUNDS = 64;

const CLOCK_MONOTONIC = 1;
const POLLIN = 1;
const POLLFD_BYTES = 8;
const RESTART = -errno("ERESTART");
const EINTR = -errno("EINTR");
const ENDS_WAITS: ReadonlySet<number> = new Set([EINTR, RESTART]);

/** Moments at which timers are due next. */
class Schedule {
  readonly #timers: readonly Timer[];
  readonly #next: number[];
  #soonest: number;

  constructor(timers: readonly Timer[]) {
    const start = nowMs();
    this.#timers = timers;
    this.#next = timers.map(({ periodMs }) => start + periodMs);
    this.#soonest = Math.min(...this.#next);
  }

  /** Returns milliseconds until the first timer is due, 0 or less if it is; Infinity without timers. */
  left(): number {
    // The clock is read once a round: next to a single event, each call of the shim counts.
    return this.#soonest === Infinity ? Infinity : this.#soonest - nowMs();
  }

  /** Does what is due. */
  run(): void {
    const now = nowMs();
    this.#timers.forEach(({ periodMs, due }, i) => {
      const at = this.#next[i] ?? 0;
      if (now < at) return;
      due();
      // Intervals that took too long are left out, not caught up on.
      this.#next[i] = at + Math.max(1, Math.floor((now - at) / periodMs) + 1) * periodMs;
    });
    this.#soonest = Math.min(...this.#next);
  }
}

/** Runs until the end; the caller drains once more after it, for what came meanwhile. */
export function runLoop(parts: LoopParts): LoopEnd {
  const { sources } = parts;
  const schedule = new Schedule(parts.timers);
  const [only] = sources;
  const waitsItself = sources.length === 1 && only?.wait !== undefined ? only : undefined;
  const pollfds = waitsItself === undefined ? pollfdsOf(sources) : undefined;
  for (;;) {
    if (parts.isDone()) return "stopped";
    let untilTimer = schedule.left();
    if (untilTimer <= 0) {
      schedule.run();
      if (parts.isDone()) return "stopped";
      untilTimer = Math.max(0, schedule.left());
    }
    const result = waitsItself?.wait === undefined
      ? pollAll(parts, pollfds, untilTimer)
      : waitsItself.wait(untilTimer === Infinity ? -1 : Math.ceil(untilTimer));
    // An interrupt that was reported and had no effect: each wait would return at once.
    if (result === RESTART && parts.interrupt.ignoredSignal !== 0) return "interrupted";
    if (result === RESTART) parts.attend();
    else if (result === EINTR) return "interrupted";
    else if (result < 0) return "stopped";
  }
}

function pollfdsOf(sources: readonly Source[]): Uint8Array<ArrayBuffer> {
  const used = sources.filter(({ descriptor }) => descriptor >= 0);
  const bytes = new Uint8Array((used.length + 1) * POLLFD_BYTES);
  const view = new DataView(bytes.buffer);
  used.forEach(({ descriptor }, i) => {
    view.setInt32((i + 1) * POLLFD_BYTES, descriptor, true);
    view.setInt16((i + 1) * POLLFD_BYTES + 4, POLLIN, true);
  });
  return bytes;
}

function pollAll(
  { sources, interrupt, isDone }: LoopParts,
  pollfds: Uint8Array<ArrayBuffer> | undefined,
  untilTimerMs: number,
): number {
  const waitMs = Math.min(untilTimerMs, sources.length === 0 ? Infinity : IDLE_LOOK_MS);
  const timeoutNs = waitMs === Infinity ? -1n : BigInt(Math.ceil(waitMs * 1e6));
  const result = pollfds === undefined ? 0 : system.poll(pollfds, timeoutNs, interrupt);
  if (result < 0) return result;
  for (const source of sources) {
    for (let round = 0; round < MAX_ROUNDS && !isDone(); round++) {
      const size = source.drain();
      if (ENDS_WAITS.has(size)) return size;
      if (size <= 0) break;
    }
  }
  return 0;
}

/** Milliseconds of the monotonic clock. */
export function nowMs(): number {
  return Number(system.clockNow(CLOCK_MONOTONIC)) / 1e6;
}
