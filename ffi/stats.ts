/** The kernel's count of how often and how long programs run. */
import { outPointer } from "./c_values.ts";
import { shim } from "./library.ts";

/** Makes the kernel count, for every program of the machine, until it is closed. */
export class ProgramStatistics implements Disposable {
  #pointer: Deno.PointerObject | null;

  private constructor(pointer: Deno.PointerObject) {
    this.#pointer = pointer;
  }

  /** A negative errno where the kernel neither counts nor may be told to: it takes CAP_SYS_ADMIN. */
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
