/** Widths of columns, and rows that take one line of a terminal. */
import { OutputBuffer } from "../batch.ts";
import { cellWriters, type Column, type RowWriter } from "../compile/rows.ts";
import type { ShownSchema } from "../output_options.ts";
import type { Field } from "../schema.ts";
import { TEXT_EXPANSION } from "../text/strings.ts";
import { cutText, textWidth, writtenWidth } from "../text/widths.ts";
import type { SinkContext } from "./sink.ts";

/** Rows that widths are chosen by: a screen of them. */
const MEASURED_ROWS = 100;
/** Widest column that its first rows can ask for, in cells. */
const MAX_WIDTH = 48;
/** Narrowest text that a terminal's width leaves. */
const MIN_TEXT_WIDTH = 8;
/** Widest text that is reserved before any is seen; longer ones are paths. */
const MAX_TEXT_RESERVED = 16;
/** Cells of `HH:MM:SS `. */
export const TIME_WIDTH = 9;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Widths of columns: from the types, and from the first rows. */
export class Layout {
  readonly #columns: readonly Column[];
  readonly #shown: ShownSchema;
  readonly #context: SinkContext;
  readonly #seen: number[];
  readonly #scratch = new OutputBuffer();
  #cells: RowWriter[] | undefined;
  #rows = 0;

  constructor(columns: readonly Column[], shown: ShownSchema, context: SinkContext) {
    this.#columns = columns;
    this.#shown = shown;
    this.#context = context;
    this.#seen = columns.map(({ field, title }) =>
      Math.max(textWidth(title), Math.min(reservedWidth(field), MAX_WIDTH))
    );
  }

  get #writers(): RowWriter[] {
    return this.#cells ??= cellWriters(
      this.#shown.fields,
      this.#shown.schema.fields,
      this.#context,
    );
  }

  measure(s: Uint8Array, v: DataView, at: number): void {
    if (this.#shown.isStream && this.#rows >= MEASURED_ROWS) return;
    this.#rows++;
    const buffer = this.#scratch;
    this.#writers.forEach(({ write, max }, i) => {
      buffer.reserve(max);
      const width = writtenWidth(buffer.bytes, 0, write(buffer.bytes, 0, s, v, at));
      const last = i === this.#columns.length - 1;
      const most = last ? 0 : Math.min(width, MAX_WIDTH);
      if (most > (this.#seen[i] ?? 0)) this.#seen[i] = most;
    });
  }

  /** Returns the widths; within `cells`, texts from the last on give way. */
  widths(cells?: number): number[] {
    const widths = [...this.#seen];
    if (cells === undefined) return widths;
    let excess = widths.reduce((sum, width) => sum + width + 1, -1) - cells;
    for (let i = widths.length - 1; i >= 0 && excess > 0; i--) {
      const column = this.#columns[i];
      if (column === undefined || column.right) continue;
      const width = widths[i] ?? 0;
      const less = Math.min(
        excess,
        Math.max(0, width - Math.max(MIN_TEXT_WIDTH, textWidth(column.title))),
      );
      widths[i] = width - less;
      excess -= less;
    }
    return widths;
  }

  /** Returns a writer of rows that take one line of a terminal. */
  cutRow(cells: number, time: boolean): RowWriter {
    const widths = this.widths(cells);
    const { times } = this.#context;
    const writers = this.#writers;
    const scratch = this.#scratch;
    // The last text takes what the line has left.
    let room = cells - widths.reduce((sum, width) => sum + width + 1, -1);
    const flexible = this.#columns.findLastIndex(({ right }) => !right);
    if (flexible >= 0 && room > 0) {
      widths[flexible] = (widths[flexible] ?? 0) + (flexible === widths.length - 1 ? room : 0);
      room = 0;
    }
    const write: RowWriter["write"] = (b, p, s, v, at) => {
      let line = "";
      this.#columns.forEach(({ right }, i) => {
        const cell = writers[i];
        if (cell === undefined) return;
        scratch.reserve(cell.max);
        const end = cell.write(scratch.bytes, 0, s, v, at);
        const text = decoder.decode(scratch.bytes.subarray(0, end));
        const width = widths[i] ?? 0;
        const shown = right ? text : cutText(text, width);
        const space = " ".repeat(Math.max(0, width - textWidth(shown)));
        line += (i > 0 ? " " : "") + (right ? space + shown : shown + space);
      });
      if (time) {
        p = times.nowPlain(b, p);
        b[p++] = 32;
      }
      const bytes = encoder.encode(`${cutText(line.trimEnd(), Math.max(1, cells))}\n`);
      b.set(bytes, p);
      return p + bytes.length;
    };
    return { write, max: TIME_WIDTH + 4 * Math.max(1, cells) + 64 + TEXT_EXPANSION };
  }
}

/** Cells that values of a type usually take, before any is seen. */
function reservedWidth({ type, format, name }: Field): number {
  if (type.kind === "bytes") {
    if (format.name === "str") return Math.min(type.length - 1, MAX_TEXT_RESERVED);
    if (format.name === "mac") return 17;
    return format.name === "ipv4" || format.name === "ip" ? 15 : 0;
  }
  if (format.name === "ipv4") return 15;
  if (format.name === "time") return 12;
  // ENOENT and EACCES; SIGCHLD and SIGKILL.
  if (format.name === "errno") return 6;
  if (format.name === "signal") return 7;
  // O_RDONLY|O_CLOEXEC, what most files are opened with.
  if (format.name === "flags" && type.kind === "int") return 18;
  if (type.kind === "enum" && format.name === "enum") {
    return Math.min(
      MAX_TEXT_RESERVED,
      Math.max(0, ...type.names.slice(0, 256).map((each) => each.name.length)),
    );
  }
  if (type.kind === "int" && /(^|\.)(pid|tgid|tid|ppid)$/.test(name)) return 7;
  if (/^(ns|us|ms|s|size)$/.test(format.name)) return 8;
  return 0;
}
