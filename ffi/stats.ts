/** The kernel's statistics of program runs and run times. */
import { outPointer } from "./c_values.ts";
import { shim } from "./library.ts";

/** Statistics of all programs of the machine, enabled until closed. */
export class ProgramStatistics implements Disposable {
  #pointer: Deno.PointerObject | null;

  private constructor(pointer: Deno.PointerObject) {
    this.#pointer = pointer;
  }

  /** Enables the statistics, which requires CAP_SYS_ADMIN; returns a negative errno on failure. */
  static enable(): ProgramStatistics | number {
    const pointer = outPointer((out) => shim().shim_stats__enable(out));
    return typeof pointer === "number" ? pointer : new ProgramStatistics(pointer);
  }

  /** Stops counting. */
  close(): void {
    shim().shim_stats__free(this.#pointer);
    this.#pointer = null;
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.close();
  }
}
