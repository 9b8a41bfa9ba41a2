/** `--stats` of a plain object's run, in the form of a guest's. */
import {
  type BufferTotals,
  type GuestStats,
  Meter,
  type ProgramTotals,
} from "../../runtime/command.ts";
import type { Permissions } from "../../ebpf/mod.ts";
import { type GrantedSet, grantedSet } from "../startup/audit.ts";
import { printError } from "../terminal/output.ts";

/** Counts of an object's programs and buffers. */
export interface ObjectTotals {
  readonly programs: ProgramTotals[];
  readonly buffers: BufferTotals[];
}

/** Parts that the kernel still uses after a run. */
type Left = {
  readonly [name in "remaining" | "held"]: readonly GuestStats[name][number][];
};

/** Returns a report as text. */
type Format = (stats: GuestStats & { permissions: GrantedSet }) => string;

/** Prints statistics when they are requested, and at the end. */
export class ObjectStatistics {
  readonly #format: Format;
  readonly #permissions: Permissions;
  readonly #meter: Meter;
  #totals: ObjectTotals = { programs: [], buffers: [] };

  /** Starts the clock of a run. */
  constructor(
    format: Format,
    permissions: Permissions,
    interrupt: ConstructorParameters<typeof Meter>[0],
  ) {
    this.#format = format;
    this.#permissions = permissions;
    this.#meter = new Meter(interrupt);
  }

  /** Keeps the last counts of programs and buffers, which are released after it. */
  note(totals: ObjectTotals): void {
    this.#totals = totals;
  }

  /** Prints the counts until now. */
  print(totals: ObjectTotals): void {
    this.note(totals);
    this.#print({ final: false, remaining: [], held: [] });
  }

  /** Ends the clock: releasing programs and maps does not count. */
  stop(): void {
    this.#meter.stop();
  }

  /** Prints the last counts, once everything is released. */
  end(left: Left): void {
    this.#print({ final: true, ...left });
  }

  #print({ final, remaining, held }: Left & { final: boolean }): void {
    const stats = this.#meter.read({
      final,
      // An object has no linear memory.
      memoryBytes: 0,
      totals: this.#totals,
      remaining: [...remaining],
      held: [...held],
    });
    printError(this.#format({ ...stats, permissions: grantedSet(this.#permissions) }));
  }
}
