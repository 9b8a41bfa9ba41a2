/** Limits on the kernel resources of a run's eBPF objects. */
import { describeErrno } from "./errno.ts";
import { ShimError } from "./errors.ts";
import { outPointer } from "./c_values.ts";
import { type Interrupt, interruptPointer } from "./interrupt.ts";
import { shim } from "./library.ts";

/** Returns the shim's pointer of a budget. For `ffi/` only. */
export let budgetPointer: (budget: Budget) => Deno.PointerObject | null;

/** Upper bounds of a {@linkcode Budget}. */
export interface BudgetLimits {
  /** Bytes of all maps when they are full; 0 for the default, see `shim_budget__new`. */
  mapsBytes: number;
  /** Programs that are loaded at a time. */
  programs: number;
}

/** Limits of one run, and their use by its live objects. */
export class Budget implements Disposable {
  #pointer: Deno.PointerObject | null;

  static {
    budgetPointer = (budget) => budget.#pointer;
  }

  private constructor(pointer: Deno.PointerObject) {
    this.#pointer = pointer;
  }

  /**
   * Creates the limits of a run.
   *
   * @param interrupt ends a load between two maps or programs once it is terminated, or the time
   * limit of the process is over; one that is only raised does not
   * @throws {ShimError} without memory
   */
  static create(interrupt: Interrupt, { mapsBytes, programs }: BudgetLimits): Budget {
    const pointer = outPointer((out) =>
      shim().shim_budget__new(interruptPointer(interrupt), BigInt(mapsBytes), programs, out)
    );
    if (typeof pointer !== "number") return new Budget(pointer);
    throw new ShimError(`Cannot limit maps and programs: ${describeErrno(pointer)}`, {
      code: "BUDGET",
    });
  }

  /** Bytes that maps of live objects take. */
  get mapsUsedBytes(): number {
    return this.#pointer === null ? 0 : Number(shim().shim_budget__maps_used(this.#pointer));
  }

  /** Releases this reference; bounded objects keep the budget until they are closed. */
  close(): void {
    shim().shim_budget__free(this.#pointer);
    this.#pointer = null;
  }

  /** Calls {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
