/** The text that is made, line by line, within a limit. */
import { BtfError } from "./errors.ts";

/** The kernel's whole BTF has 11 MiB as C, and 20 as AssemblyScript, in 0.9 million lines. */
const MAX_CHARACTERS = 48 << 20;
const MAX_LINES = 2 << 20;

/** Gathers lines. */
export class Output {
  readonly #lines: string[] = [];
  #characters = 0;

  /**
   * Adds lines.
   *
   * @throws {BtfError} when the text gets too long, as hostile BTF can make it
   */
  line(...lines: string[]): void {
    for (const line of lines) {
      this.#characters += line.length + 1;
      if (this.#characters > MAX_CHARACTERS || this.#lines.length > MAX_LINES) {
        throw new BtfError("its output would exceed 48 MiB");
      }
      this.#lines.push(line);
    }
  }

  /** The whole text; ends with a line feed. */
  toString(): string {
    return `${this.#lines.join("\n")}\n`;
  }
}
