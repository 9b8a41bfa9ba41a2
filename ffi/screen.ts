/** Terminal of a screen that is redrawn: keys without Enter, and its modes restored after every end. */
import { outPointer } from "./c_values.ts";
import { tracingShim } from "./tracing.ts";

/** Bytes of keys that are read at a time. */
const KEY_BYTES = 256;

/** Keeper of the terminal, in a process of its own. `close()` restores the terminal. */
export class ScreenKeeper implements Disposable {
  #pointer: Deno.PointerObject | null;
  readonly #keys = new Uint8Array(KEY_BYTES);
  /** True if keys are read from standard input. */
  readonly hasKeys: boolean;

  private constructor(pointer: Deno.PointerObject) {
    this.#pointer = pointer;
    this.hasKeys = tracingShim().shim_screen__has_keys(pointer) === 1;
  }

  /**
   * Starts the keeper, or returns a negative errno. Before the thread is confined.
   *
   * @param keys true to read keys, where standard input is a terminal
   */
  static open({ keys }: { keys: boolean }): ScreenKeeper | number {
    const pointer = outPointer((out) => tracingShim().shim_screen__open(keys ? 1 : 0, out));
    return typeof pointer === "number" ? pointer : new ScreenKeeper(pointer);
  }

  /**
   * Number of times that the terminal was taken or given back: odd while it is not to be written to; a
   * new even number means that the screen has to be drawn again.
   */
  get turns(): number {
    return this.#pointer === null ? 1 : tracingShim().shim_screen__turns(this.#pointer);
  }

  /** Notes that the alternate screen is going to be entered. */
  enter(): void {
    if (this.#pointer !== null) tracingShim().shim_screen__enter(this.#pointer);
  }

  /** Returns the keys that were pressed: none at the end of input, undefined without any. */
  keys(): Uint8Array | undefined {
    if (this.#pointer === null) return undefined;
    const bytes = this.#keys;
    const length = tracingShim().shim_screen__keys(this.#pointer, bytes, bytes.length);
    return length < 0 ? undefined : bytes.subarray(0, length);
  }

  /** Restores the terminal's modes, after the alternate screen was left. Further calls do nothing. */
  close(): void {
    tracingShim().shim_screen__free(this.#pointer);
    this.#pointer = null;
  }

  /** Calls {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
