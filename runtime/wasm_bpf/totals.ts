/** Counts of programs and buffers, added up over the objects that a guest has loaded. */
import { type BpfMap, type ProgramCounts } from "../../ffi/mod.ts";
import type { ChannelStats } from "./events/event_channel.ts";
import { MapType } from "../../ebpf/mod.ts";

/** Runs and run times of a program, counted by the kernel. */
export interface ProgramTotals {
  /** The C function's name. */
  program: string;
  /** Its ELF section, such as `tp/sched/sched_process_exec`. */
  section: string;
  /** Times it ran; `null` where the kernel does not count. */
  runs: number | null;
  /** Nanoseconds it ran, likewise. */
  runTimeNs: number | null;
  /** Runs that did not happen because it was running on that CPU already, likewise. */
  missedRuns: number | null;
}

/** Counts of a map's buffer. */
export interface BufferTotals {
  /** The map's name. */
  map: string;
  /** Kind of the map. */
  type: "ringbuf" | "perf_event_array";
  /** Events that the guest got. */
  deliveredEvents: number;
  /**
   * Events that the kernel had no room for. `null` for a ring buffer: only its program learns of
   * them, by
   */
  lostEvents: number | null;
  /** Delivered events that were cut to the guest's buffer. */
  truncatedEvents: number;
  /** Times that events were taken from the kernel. */
  batches: number;
}

/** More names than a guest needs; the rest is counted under one. */
const MAX_ROWS = 1024;
const REST = "(others)";

/** Rows by name: several objects with one program of a name share its row. */
export class Totals {
  readonly #programs = new Map<string, ProgramTotals>();
  readonly #buffers = new Map<string, BufferTotals>();

  /** @param counts what the kernel counted, `undefined` when it did not */
  addProgram(of: { name: string; section: string }, counts: ProgramCounts | undefined): void {
    const { name, section } = of;
    const row = rowOf(this.#programs, JSON.stringify([name, section]), (rest) => ({
      program: rest ?? name,
      section: rest ?? section,
      runs: null,
      runTimeNs: null,
      missedRuns: null,
    }));
    if (counts === undefined) return;
    row.runs = (row.runs ?? 0) + counts.runs;
    row.runTimeNs = (row.runTimeNs ?? 0) + counts.timeNs;
    row.missedRuns = (row.missedRuns ?? 0) + counts.missed;
  }

  addBuffer(map: BpfMap, stats: ChannelStats): void {
    const isRing = map.type === MapType.RingBuffer;
    const row = rowOf(this.#buffers, `${map.type} ${map.name}`, (rest) => ({
      map: rest ?? map.name,
      type: isRing ? "ringbuf" : "perf_event_array",
      deliveredEvents: 0,
      lostEvents: isRing ? null : 0,
      truncatedEvents: 0,
      batches: 0,
    }));
    row.deliveredEvents += stats.delivered;
    if (!isRing) row.lostEvents = (row.lostEvents ?? 0) + stats.lost;
    row.truncatedEvents += stats.truncated;
    row.batches += stats.batches;
  }

  /** Returns an independent copy of the counts. */
  copy(): Totals {
    const copy = new Totals();
    for (const [key, row] of this.#programs) copy.#programs.set(key, { ...row });
    for (const [key, row] of this.#buffers) copy.#buffers.set(key, { ...row });
    return copy;
  }

  get programs(): ProgramTotals[] {
    return [...this.#programs.values()].map((row) => ({ ...row }));
  }

  get buffers(): BufferTotals[] {
    return [...this.#buffers.values()].map((row) => ({ ...row }));
  }
}

/** @param make makes the row; given a name when it is to represent all that find no place */
function rowOf<Row>(
  rows: Map<string, Row>,
  key: string,
  make: (rest: string | undefined) => Row,
): Row {
  const rest = !rows.has(key) && rows.size >= MAX_ROWS ? REST : undefined;
  const place = rest ?? key;
  let row = rows.get(place);
  if (row === undefined) {
    row = make(rest);
    rows.set(place, row);
  }
  return row;
}
