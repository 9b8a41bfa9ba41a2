/** Rules of where the programs of a run may be attached. */
import { describeErrno } from "./errno.ts";
import { ShimError } from "./errors.ts";
import { outPointer } from "./c_values.ts";
import { shim } from "./library.ts";

/** Returns the shim's pointer of rules. For `ffi/` only. */
export let attachRulesPointer: (rules: AttachRules) => Deno.PointerObject | null;

/** Rules, with what they name looked up when they are made: before the guest's first instruction. */
export class AttachRules implements Disposable {
  #pointer: Deno.PointerObject | null;

  static {
    attachRulesPointer = (rules) => rules.#pointer;
  }

  private constructor(pointer: Deno.PointerObject) {
    this.#pointer = pointer;
  }

  /**
   * Makes rules.
   *
   * @param lines as `shim_attach_rules__new` reads them
   * @param maxFrequency of perf events, in hertz; 0 for no limit
   * @throws {ShimError} for other lines, and without memory
   */
  static create(lines: string, maxFrequency: number): AttachRules {
    const text = new TextEncoder().encode(lines);
    const pointer = outPointer((out) =>
      shim().shim_attach_rules__new(text, text.length, maxFrequency, out)
    );
    if (typeof pointer !== "number") return new AttachRules(pointer);
    throw new ShimError(`Cannot limit where programs are attached: ${describeErrno(pointer)}`, {
      code: "ATTACH_RULES",
    });
  }

  /** Releases this reference; objects keep the rules until they are closed. */
  close(): void {
    shim().shim_attach_rules__free(this.#pointer);
    this.#pointer = null;
  }

  /** Calls {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
