/** Screen of `--top`: its terminal, its keys, and changes of its size. */
import type { Output } from "../../records/mod.ts";
import { ScreenKeeper } from "../../runtime/command.ts";

/** Sequences of arrows and function keys, whose letters are not keys of ours (ECMA-48, 5.4). */
// deno-lint-ignore no-control-regex
const SEQUENCES = /\x1b(\[[0-?]*[ -\/]*[@-~]?|O.?)?/gs;

/** Screen of one output. */
export interface RunScreen {
  /** Standard input, for a loop that waits for keys; undefined without keys. */
  readonly descriptor: number | undefined;
  /** Handles keys and changes of the terminal; returns true if the run is to end. */
  attend(): boolean;
  /** Shows what follows, also after a pause. */
  resume(): void;
}

/** Keys and size of a terminal that is redrawn; `dispose` restores the terminal. */
export class TopScreen implements Disposable {
  readonly #keeper: ScreenKeeper;
  #size = consoleSize();
  #turns: number;

  private constructor(keeper: ScreenKeeper) {
    this.#keeper = keeper;
    this.#turns = keeper.turns;
  }

  /**
   * Opens the screen; undefined where its keeper cannot be started: then it has no keys.
   *
   * @param keys true to read keys from standard input, where it is a terminal
   */
  static open({ keys }: { keys: boolean }): TopScreen | undefined {
    const keeper = ScreenKeeper.open({ keys });
    return typeof keeper === "number" ? undefined : new TopScreen(keeper);
  }

  /** Returns the screen of an output. */
  of(output: Output): RunScreen {
    return {
      descriptor: this.#keeper.hasKeys ? 0 : undefined,
      attend: () => this.attend(output),
      resume: () => output.resume(),
    };
  }

  /** True while the terminal is ours: not while the job is stopped or in the background. */
  get isShown(): boolean {
    return this.#keeper.turns % 2 === 0;
  }

  /** Notes that the alternate screen is going to be entered. */
  enter(): void {
    this.#keeper.enter();
  }

  /**
   * Handles the keys that were pressed, and draws again where the terminal has changed.
   *
   * @returns true for `q`, and at the end of input
   */
  attend(output: Output): boolean {
    const keys = this.#keeper.keys();
    if (keys !== undefined && !this.#handle(keys, output)) return true;
    const size = consoleSize();
    const { turns } = this.#keeper;
    const isChanged = turns !== this.#turns || size.columns !== this.#size.columns ||
      size.rows !== this.#size.rows;
    if (!isChanged || turns % 2 !== 0) return false;
    this.#size = size;
    this.#turns = turns;
    output.redraw();
    return false;
  }

  #handle(keys: Uint8Array, output: Output): boolean {
    const text = String.fromCharCode(...keys).replaceAll(SEQUENCES, "");
    for (const key of text) {
      if (key === "q" || key === "Q") return false;
      output.key(key);
    }
    return keys.length > 0;
  }

  [Symbol.dispose](): void {
    this.#keeper.close();
  }
}

let lastSize = { columns: 80, rows: 24 };

/** Returns the terminal's size; the last one known where it cannot be read. */
export function consoleSize(): { columns: number; rows: number } {
  try {
    const { columns, rows } = Deno.consoleSize();
    if (columns > 0 && rows > 0) lastSize = { columns, rows };
  } catch {
    // Terminals without a size.
  }
  return lastSize;
}
