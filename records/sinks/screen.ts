/** Screen of a terminal that is redrawn: each source has its lines, in the order of the sources. */
import { cutText } from "../text/widths.ts";

/** Alternate screen without a cursor, and back (xterm's 1049, DECTCEM). */
const ENTER_SCREEN = "\x1b[?1049h\x1b[?25l";
const LEAVE_SCREEN = "\x1b[?25h\x1b[?1049l";
/** Cursor to the first cell; erase the rest of the line; erase what follows. */
const HOME = "\x1b[H";
const ERASE_LINE = "\x1b[K";
const ERASE_BELOW = "\x1b[J";

/** Lines of one source. */
export class ScreenPart {
  /** Titles of columns; empty for charts and text. */
  header = "";
  #lines: string[] = [];
  /** True for events: the last lines are shown, not the first. */
  readonly isRolling: boolean;

  /** @param isRolling true to show the last lines of those that were added */
  constructor(isRolling: boolean) {
    this.isRolling = isRolling;
  }

  /** Starts again without lines. */
  clear(): void {
    this.#lines = [];
  }

  /** Adds a line; of a rolling part, only as many are kept as a screen has. */
  add(line: string, room: number): void {
    this.#lines.push(line);
    if (this.isRolling && this.#lines.length > 2 * room) this.#lines = this.#lines.slice(-room);
  }

  /** Number of lines added. */
  get count(): number {
    return this.#lines.length;
  }

  /** Returns at most `room` lines, the header first. */
  shown(room: number): string[] {
    const header = this.header === "" ? [] : [this.header];
    const left = Math.max(0, room - header.length);
    const lines = this.isRolling
      ? this.#lines.slice(Math.max(0, this.#lines.length - left))
      : this.#lines.slice(0, left);
    return [...header, ...lines];
  }
}

/** Screen of several sources. */
export class Screen {
  readonly #parts: ScreenPart[] = [];
  readonly #rows: () => number;
  readonly #color: boolean;
  #notice: readonly string[] = [];
  #isEntered = false;

  /** @param rows returns the terminal's lines */
  constructor(rows: () => number, color: boolean) {
    this.#rows = rows;
    this.#color = color;
  }

  /** Lines that a source may use: the cursor is below the last one. */
  get room(): number {
    return Math.max(1, this.#rows() - 1);
  }

  /** Adds the lines of a source below the others. */
  part({ isRolling }: { isRolling: boolean }): ScreenPart {
    const part = new ScreenPart(isRolling);
    this.#parts.push(part);
    return part;
  }

  /** Sets lines above all others, such as those of a help. */
  notice(lines: readonly string[]): void {
    this.#notice = lines;
  }

  /** Returns the text that draws everything. */
  frame(width: number): string {
    const enter = this.#isEntered ? "" : ENTER_SCREEN;
    this.#isEntered = true;
    const lines = this.#lines(width, this.#notice);
    return `${enter}${HOME}${lines.map((line) => `${line}${ERASE_LINE}\n`).join("")}${ERASE_BELOW}`;
  }

  /** Returns the text that leaves the screen, which the terminal forgets, and keeps its last lines. */
  leave(width: number): string {
    if (!this.#isEntered) return "";
    this.#isEntered = false;
    return LEAVE_SCREEN + this.#lines(width, []).map((line) => `${line}\n`).join("");
  }

  #lines(width: number, notice: readonly string[]): string[] {
    const { room } = this;
    // Of a small terminal, titles and a row come first.
    const lines: string[] = notice.slice(0, Math.max(0, room - 2)).map((line) =>
      cutText(line, width)
    );
    for (const part of this.#parts) {
      if (part.header === "" && part.count === 0) continue;
      if (lines.length > 0 && lines.length < room) lines.push("");
      for (const [i, line] of part.shown(room - lines.length).entries()) {
        const isTitle = i === 0 && part.header !== "" && this.#color;
        const cut = cutText(line, width);
        lines.push(isTitle ? `\x1b[1m${cut}\x1b[0m` : cut);
      }
      if (lines.length >= room) break;
    }
    return lines;
  }
}
