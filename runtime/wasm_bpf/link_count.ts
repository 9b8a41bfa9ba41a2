/** Counting of the links of a run. */
import { errno } from "../../ffi/mod.ts";
import { BpfError, MAX_LINKS } from "../../ebpf/mod.ts";

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
