/** Limits of what one run takes of the kernel, and the counting of its links. */
import { Budget, errno, type Interrupt } from "../ffi/mod.ts";
import { BpfError } from "./errors.ts";

/** Upper bounds of maps, programs and links. */
export interface KernelLimits {
  /** Bytes of all maps when they are full. */
  readonly maxMapsMemory?: number | undefined;
  /** Programs that are loaded at a time. */
  readonly maxPrograms?: number | undefined;
  /** Links that are attached at a time. */
  readonly maxLinks?: number | undefined;
}

/** Default of {@linkcode KernelLimits.maxPrograms}: the largest public tools load some 200. */
const MAX_PROGRAMS = 1024;
/** Default of {@linkcode KernelLimits.maxLinks}: a probe for each of some thousand functions. */
export const MAX_LINKS = 4096;

/** Returns the lower one of each two limits. */
export function lowestLimits(one: KernelLimits, other: KernelLimits): KernelLimits {
  const names = ["maxMapsMemory", "maxPrograms", "maxLinks"] as const;
  return Object.fromEntries(names.flatMap((name) => {
    const values = [one[name], other[name]].filter((value) => value !== undefined);
    return values.length === 0 ? [] : [[name, Math.min(...values)]];
  }));
}

function clamp(value: number, least: number): number {
  return Math.min(Math.max(Math.floor(value), least), Number.MAX_SAFE_INTEGER);
}

/** Makes the limits of maps and programs. */
export function createBudget(interrupt: Interrupt, limits: KernelLimits): Budget {
  return Budget.create(interrupt, {
    // 0 represents the default there.
    mapsBytes: clamp(limits.maxMapsMemory ?? 0, limits.maxMapsMemory === undefined ? 0 : 1),
    programs: Math.min(clamp(limits.maxPrograms ?? MAX_PROGRAMS, 0), 0xffff_ffff),
  });
}

/** Counts the links of a run. */
export class LinkCount {
  readonly #max: number;
  #used = 0;

  constructor(max: number = MAX_LINKS) {
    this.#max = max;
  }

  /**
   * Takes one.
   *
   * @param op what it is for, as {@linkcode BpfError.op}
   * @throws {BpfError} EMFILE beyond the limit
   */
  take(op: string): void {
    if (this.#used >= this.#max) {
      throw new BpfError(op, errno("EMFILE"), {
        reason: `the module has ${this.#used} links, the limit`,
        hint: "detach links that are not needed, or raise --max-links (limits.maxLinks)",
      });
    }
    this.#used += 1;
  }

  /** Gives some back. */
  give(count = 1): void {
    this.#used -= count;
  }
}
