/** Keys of a screen that is redrawn: `q` ends, others change the order. */
import type { Output } from "../../records/mod.ts";

/** Reads keys from a terminal on standard input; the terminal is as before after disposal. */
export class Keys implements Disposable {
  /** Standard input, for a loop that waits for several descriptors. */
  readonly descriptor = 0;
  readonly #output: Output;
  readonly #end: () => void;

  private constructor(output: Output, end: () => void) {
    this.#output = output;
    this.#end = end;
  }

  /**
   * Starts reading keys; undefined if standard input is not a terminal.
   *
   * @param end called for `q`
   */
  static open(output: Output, end: () => void): Keys | undefined {
    if (!Deno.stdin.isTerminal()) return undefined;
    // Ctrl-C still is a signal.
    Deno.stdin.setRaw(true, { cbreak: true });
    return new Keys(output, end);
  }

  /** Handles the keys that have been pressed; returns false, since one read takes all of them. */
  drain(): boolean {
    const bytes = new Uint8Array(64);
    const count = Deno.stdin.readSync(bytes) ?? 0;
    if (count === 0) this.#end();
    for (const byte of bytes.subarray(0, count)) {
      const key = String.fromCharCode(byte);
      if (key === "q") this.#end();
      else this.#output.key(key);
    }
    return false;
  }

  /** Restores the terminal. */
  [Symbol.dispose](): void {
    Deno.stdin.setRaw(false);
  }
}
