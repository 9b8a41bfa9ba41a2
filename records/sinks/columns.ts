/** Sink of aligned columns, for people. */
import { OutputBuffer } from "../batch.ts";
import { alignedRow, cellWriters, type Column, isNumber, type RowWriter } from "../compile/rows.ts";
import { isStack } from "../frames.ts";
import type { ShownSchema, SinkOptions } from "../output_options.ts";
import type { Field } from "../schema.ts";
import { TEXT_EXPANSION, visibleText } from "../text/strings.ts";
import { cutText, textWidth, writtenWidth } from "../text/widths.ts";
import type { Block, RowsOfSource, Sink, SinkContext } from "./sink.ts";
import { foldedWriter, stackWriter } from "./stack_lines.ts";

/** Bytes after which a batch is handed over before its end. */
const FLUSH_BYTES = 1 << 20;
/** Rows that widths are chosen by: a screen of them. */
const MEASURED_ROWS = 100;
/** Widest column that its first rows can ask for, in cells. */
const MAX_WIDTH = 48;
/** Narrowest text that a terminal's width leaves. */
const MIN_TEXT_WIDTH = 8;
/** Widest text that is reserved before any is seen; longer ones are paths. */
const MAX_TEXT_RESERVED = 16;
/** Cells of `HH:MM:SS `. */
const TIME_WIDTH = 9;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** `columns`: a header, then rows. A terminal's lines never wrap; other outputs get whole values. */
export class ColumnsSink implements Sink {
  readonly #options: SinkOptions;
  readonly #context: SinkContext;
  readonly #buffer = new OutputBuffer();
  /** Source of the last header: another one gets its own. */
  #headed: ShownSchema | undefined;
  #hasBlocks = false;
  /** First table of a screen that is redrawn. */
  #top: ShownSchema | undefined;
  /** Last text of the screen, and where the next starts in the buffer. */
  #lastScreen: Uint8Array = new Uint8Array();
  #screenStart = 0;
  /** Lines that the screen has left. */
  #linesLeft = Infinity;

  constructor(options: SinkOptions, context: SinkContext) {
    this.#options = options;
    this.#context = context;
  }

  get #terminalWidth(): number | undefined {
    const { width } = this.#options;
    return typeof width === "function" ? width() : width;
  }

  open(whole: ShownSchema): RowsOfSource {
    const below = stackWriter(whole, this.#context);
    if (below !== undefined && this.#context.folded) return this.#folded(whole);
    const shown = below === undefined
      ? whole
      : { ...whole, fields: whole.fields.filter((field) => !isStack(field)) };
    const columns = columnsOf(shown.fields);
    const time = this.#context.time ?? shown.isStream;
    const layout = new Layout(columns, shown, this.#context);
    const buffer = this.#buffer;
    let rows: RowWriter | undefined;
    let header: Uint8Array = new Uint8Array();
    let lineWidth: number | undefined;
    const start = () => {
      lineWidth = this.#terminalWidth;
      const cells = lineWidth === undefined ? undefined : lineWidth - (time ? TIME_WIDTH : 0);
      rows = cells === undefined
        ? alignedRow(columns, layout.widths(), shown.schema.fields, { ...this.#context, time })
        : layout.cutRow(cells, time);
      header = this.#header(columns, layout.widths(cells), { time, width: lineWidth });
    };
    return {
      measure: (s, v, at) => layout.measure(s, v, at),
      begin: () => {
        const width = this.#terminalWidth;
        const isBlock = !shown.isStream;
        if (rows === undefined || width !== lineWidth || isBlock) start();
        const isRedrawn = isBlock && this.#redraw(shown);
        if (isBlock && this.#hasBlocks && !isRedrawn) buffer.add(LINE_END);
        if (columns.length > 0 && (this.#headed !== shown || isBlock)) buffer.add(header);
        this.#headed = shown;
        this.#hasBlocks = true;
        this.#linesLeft -= 1;
      },
      row: (s, v, at) => {
        if (rows === undefined || --this.#linesLeft < 0) return;
        if (columns.length > 0) {
          buffer.reserve(rows.max);
          buffer.at = rows.write(buffer.bytes, buffer.at, s, v, at);
        }
        if (below !== undefined) this.#lines(below(v, at), lineWidth);
        if (buffer.at > FLUSH_BYTES) this.flush();
      },
      end: () => this.#keepScreen(shown),
    };
  }

  /** Adds lines, as far as the screen has room. */
  #lines(lines: readonly string[], width: number | undefined): void {
    for (const line of lines) {
      if (--this.#linesLeft < 0) return;
      this.#buffer.add(encoder.encode(`${width === undefined ? line : cutText(line, width)}\n`));
    }
  }

  /** Rows as `flamegraph.pl` reads them; they are never cut. */
  #folded(shown: ShownSchema): RowsOfSource {
    const line = foldedWriter(shown, this.#context);
    return {
      begin: () => {},
      row: (_s, v, at) => {
        this.#buffer.add(encoder.encode(`${line(v, at)}\n`));
        if (this.#buffer.at > FLUSH_BYTES) this.flush();
      },
      end: () => {},
    };
  }

  /** Keeps the text of a screen, which the terminal forgets when it is left. */
  #keepScreen(shown: ShownSchema): void {
    if (this.#top !== shown) return;
    this.#lastScreen = this.#buffer.bytes.slice(this.#screenStart, this.#buffer.at);
  }

  /** Clears a screen that is redrawn, before its first table; returns true if there is a screen. */
  #redraw(shown: ShownSchema): boolean {
    const { screen } = this.#options;
    if (screen === undefined) return false;
    if (this.#top === undefined) {
      this.#top = shown;
      this.#buffer.add(encoder.encode(ENTER_SCREEN));
    }
    if (this.#top !== shown) return false;
    this.#buffer.add(encoder.encode(CLEAR_SCREEN));
    this.#screenStart = this.#buffer.at;
    // The cursor is below the last line.
    this.#linesLeft = Math.max(1, screen() - 1);
    return true;
  }

  #header(
    columns: readonly Column[],
    widths: readonly number[],
    { time, width }: { time: boolean; width: number | undefined },
  ): Uint8Array {
    const cells = columns.map(({ title, right }, i) => {
      const space = " ".repeat(Math.max(0, (widths[i] ?? 0) - textWidth(title)));
      return right ? space + title : title + space;
    });
    let line = ((time ? "TIME     " : "") + cells.join(" ")).trimEnd();
    if (width !== undefined) line = cutText(line, width);
    return encoder.encode(this.#options.color ? `\x1b[1m${line}\x1b[0m\n` : `${line}\n`);
  }

  text(_source: string, line: string): void {
    const width = this.#terminalWidth;
    const text = visibleText(line);
    this.#buffer.add(encoder.encode(`${width === undefined ? text : cutText(text, width)}\n`));
  }

  block({ lines, dense }: Block): void {
    if (this.#hasBlocks && dense !== true) this.#buffer.add(LINE_END);
    this.#hasBlocks = true;
    this.#headed = undefined;
    const width = this.#terminalWidth;
    const text = width === undefined
      ? lines
      : lines.split("\n").map((line) => cutText(line, width)).join("\n");
    this.#buffer.add(encoder.encode(`${text}\n`));
  }

  flush(): void {
    this.#buffer.flush(this.#options.write);
  }

  close(): void {
    if (this.#top !== undefined) {
      this.#buffer.add(encoder.encode(LEAVE_SCREEN));
      this.#buffer.add(this.#lastScreen);
    }
    this.flush();
  }
}

/** Alternate screen without a cursor, and back (xterm's 1049, DECTCEM). */
const ENTER_SCREEN = "\x1b[?1049h\x1b[?25l";
const LEAVE_SCREEN = "\x1b[?25h\x1b[?1049l";
/** Cursor to the first cell; erase what follows. */
const CLEAR_SCREEN = "\x1b[H\x1b[J";

const LINE_END = new Uint8Array([10]);

/** Widths of columns: from the types, and from the first rows. */
class Layout {
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

/** Returns the columns of fields: their titles are the shortest ends of names that differ. */
export function columnsOf(fields: readonly Field[]): Column[] {
  const tails = fields.map(({ path }) => path);
  const count = new Map<string, number>();
  const tail = (path: readonly string[], parts: number) =>
    path.slice(-parts).join(".").toUpperCase();
  for (const path of tails) {
    for (let parts = 1; parts <= path.length; parts++) {
      const text = tail(path, parts);
      count.set(text, (count.get(text) ?? 0) + 1);
    }
  }
  return fields.map((field) => {
    const { path } = field;
    let parts = 1;
    while (parts < path.length && (count.get(tail(path, parts)) ?? 0) > 1) parts++;
    const title = visibleText(tail(path, parts)) || "-";
    return { field, title: title.replaceAll(" ", "_"), right: isNumber(field) };
  });
}
