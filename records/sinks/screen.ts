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
  /** Name of the source, which is shown if the screen has several. */
  readonly name: string;
  /** Titles of columns; empty for charts and text. */
  header = "";
  #lines: string[] = [];
  /** True for events: the last lines are shown, not the first. */
  readonly isRolling: boolean;

  /** @param isRolling true to show the last lines of those that were added */
  constructor(name: string, isRolling: boolean) {
    this.name = name;
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

  /** Lines of the header. */
  get #headers(): string[] {
    return this.header === "" ? [] : [this.header];
  }

  /** Number of lines with the header. */
  get height(): number {
    return this.#headers.length + this.#lines.length;
  }

  /** Returns at most `room` lines, the header first. */
  shown(room: number): string[] {
    if (room <= 0) return [];
    const header = this.#headers;
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

  /** Adds the lines of a source below the others; `name` is text for a terminal. */
  part(name: string, { isRolling }: { isRolling: boolean }): ScreenPart {
    const part = new ScreenPart(name, isRolling);
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
    const isNamed = this.#parts.length > 1;
    const parts = this.#parts.filter(({ height }) => height > 0);
    const heights = shares(parts.map(({ height }) => height + Number(isNamed)), {
      room: room - lines.length,
      space: lines.length > 0,
    });
    for (const [i, height] of heights.entries()) {
      const part = parts[i];
      if (part === undefined) break;
      if (lines.length > 0) lines.push("");
      if (isNamed) lines.push(cutText(`${part.name}:`, width));
      for (const [i, line] of part.shown(height - Number(isNamed)).entries()) {
        const isTitle = i === 0 && part.header !== "" && this.#color;
        const cut = cutText(line, width);
        lines.push(isTitle ? `\x1b[1m${cut}\x1b[0m` : cut);
      }
    }
    return lines;
  }
}

/** Lines of a part that are worth its place: a name, titles and a row. */
const LEAST_LINES = 3;

/**
 * Divides the lines of a screen: each part gets what it needs, or as much as the others that need more;
 * the last ones are left out where there is no room for all.
 *
 * @param space true if an empty line precedes the first part
 */
function shares(
  needs: readonly number[],
  { room, space }: { room: number; space: boolean },
): number[] {
  const spaces = (count: number) => count - Number(!space);
  let count = needs.length;
  const fits = () =>
    spaces(count) +
        needs.slice(0, count).reduce((sum, need) => sum + Math.min(need, LEAST_LINES), 0) <= room;
  while (count > 1 && !fits()) count--;
  const wanted = needs.slice(0, count);
  const given = wanted.map(() => 0);
  let left = Math.max(0, room - spaces(count));
  let open = wanted.map((_, i) => i);
  while (open.length > 0 && left > 0) {
    const each = Math.max(1, Math.floor(left / open.length));
    for (const i of open) {
      const more = Math.min(each, (wanted[i] ?? 0) - (given[i] ?? 0), left);
      given[i] = (given[i] ?? 0) + more;
      left -= more;
    }
    open = open.filter((i) => (given[i] ?? 0) < (wanted[i] ?? 0));
  }
  return given;
}
