/** Sink of aligned columns, for people. */
import { OutputBuffer } from "../batch.ts";
import { alignedRow, type Column, isNumber, type RowWriter } from "../compile/rows.ts";
import { isStack } from "../frames.ts";
import type { ShownSchema, SinkOptions } from "../output_options.ts";
import { fieldsIn } from "../fields.ts";
import type { Field } from "../schema.ts";
import { visibleText } from "../text/strings.ts";
import { cutText, textWidth } from "../text/widths.ts";
import { Layout, TIME_WIDTH } from "./layout.ts";
import { Screen, type ScreenPart } from "./screen.ts";
import type { Block, RowsOfSource, Sink, SinkContext } from "./sink.ts";
import { foldedWriter, stackWriter } from "./stack_lines.ts";

/** Bytes after which a batch is handed over before its end. */
const FLUSH_BYTES = 1 << 20;
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
  /** Screen that is redrawn, with the parts of what has no rows. */
  readonly #screen: Screen | undefined;
  readonly #blocks = new Map<string, ScreenPart>();
  #isChanged = false;

  constructor(options: SinkOptions, context: SinkContext) {
    this.#options = options;
    this.#context = context;
    const { screen, color } = options;
    if (screen !== undefined) this.#screen = new Screen(screen, color === true);
  }

  get #terminalWidth(): number | undefined {
    const { width } = this.#options;
    return typeof width === "function" ? width() : width;
  }

  open(whole: ShownSchema): RowsOfSource {
    const below = stackWriter(whole, this.#context);
    const listed = fieldsIn(whole.fields, "tables");
    if (below !== undefined && this.#context.folded) return this.#folded(whole);
    const shown = below === undefined
      ? { ...whole, fields: listed }
      : { ...whole, fields: listed.filter((field) => !isStack(field)) };
    const columns = columnsOf(shown.fields);
    const time = this.#context.time ?? shown.isStream;
    const layout = new Layout(columns, shown, this.#context);
    const buffer = this.#buffer;
    const part = this.#screen?.part(visibleText(shown.source), {
      isRolling: shown.isStream,
    });
    let rows: RowWriter | undefined;
    let header = "";
    let lineWidth: number | undefined;
    const start = () => {
      lineWidth = this.#terminalWidth;
      const cells = lineWidth === undefined ? undefined : lineWidth - (time ? TIME_WIDTH : 0);
      rows = cells === undefined
        ? alignedRow(columns, layout.widths(), shown.schema.fields, { ...this.#context, time })
        : layout.cutRow(cells, time);
      header = titles(columns, layout.widths(cells), { time, width: lineWidth });
      if (part !== undefined && columns.length > 0) part.header = header;
    };
    const begin = () => {
      const isBlock = !shown.isStream;
      if (rows === undefined || this.#terminalWidth !== lineWidth || isBlock) start();
      if (part !== undefined) {
        this.#isChanged = true;
        if (isBlock) part.clear();
        return;
      }
      if (isBlock && this.#hasBlocks) buffer.add(LINE_END);
      if (isBlock && this.#context.sources() > 1) this.#lines([`${shown.source}:`], lineWidth);
      if (columns.length > 0 && (this.#headed !== shown || isBlock)) this.#addTitles(header);
      this.#headed = shown;
      this.#hasBlocks = true;
    };
    return {
      measure: (s, v, at) => layout.measure(s, v, at),
      begin,
      row: (s, v, at) => {
        if (rows === undefined || this.#isFull(part)) return;
        if (columns.length > 0) {
          buffer.reserve(rows.max);
          const from = buffer.at;
          buffer.at = rows.write(buffer.bytes, buffer.at, s, v, at);
          if (part !== undefined) this.#moveTo(part, from);
        }
        if (below !== undefined) this.#lines(below(v, at), lineWidth, part);
        if (buffer.at > FLUSH_BYTES) this.flush();
      },
      end: () => {},
    };
  }

  /** Reports whether a part has as many lines as the screen. */
  #isFull(part: ScreenPart | undefined): boolean {
    return part !== undefined && !part.isRolling && part.count >= (this.#screen?.room ?? 0);
  }

  /** Takes the line that was written last to a part of the screen. */
  #moveTo(part: ScreenPart, from: number): void {
    const buffer = this.#buffer;
    const line = decoder.decode(buffer.bytes.subarray(from, Math.max(from, buffer.at - 1)));
    part.add(line, this.#screen?.room ?? 1);
    buffer.at = from;
  }

  #lines(lines: readonly string[], width: number | undefined, part?: ScreenPart): void {
    for (const line of lines) {
      const cut = width === undefined ? line : cutText(line, width);
      if (part === undefined) this.#buffer.add(encoder.encode(`${cut}\n`));
      else if (!this.#isFull(part)) part.add(cut, this.#screen?.room ?? 1);
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

  #addTitles(line: string): void {
    const text = this.#options.color === true ? `\x1b[1m${line}\x1b[0m\n` : `${line}\n`;
    this.#buffer.add(encoder.encode(text));
  }

  /** Returns the screen's part for what a source shows without rows. */
  #blocksOf(screen: Screen, source: string, isRolling: boolean): ScreenPart {
    const known = this.#blocks.get(source) ?? screen.part(visibleText(source), { isRolling });
    this.#blocks.set(source, known);
    return known;
  }

  text(source: string, line: string): void {
    const width = this.#terminalWidth;
    const text = withTabs(line, width !== undefined || this.#screen !== undefined);
    if (this.#screen !== undefined) {
      this.#isChanged = true;
      return this.#lines([text], width, this.#blocksOf(this.#screen, source, true));
    }
    this.#buffer.add(encoder.encode(`${width === undefined ? text : cutText(text, width)}\n`));
  }

  startBlocks(source: string): void {
    if (this.#screen === undefined) {
      if (this.#context.time === true) this.#addTime();
      return;
    }
    this.#isChanged = true;
    this.#blocksOf(this.#screen, source, false).clear();
  }

  /** Writes the time of reading above the blocks of an interval. */
  #addTime(): void {
    const buffer = this.#buffer;
    if (this.#hasBlocks) buffer.add(LINE_END);
    buffer.reserve(TIME_WIDTH);
    buffer.at = this.#context.times.nowPlain(buffer.bytes, buffer.at);
    buffer.add(LINE_END);
    this.#hasBlocks = false;
  }

  block({ source, kind, lines, dense }: Block): void {
    const width = this.#terminalWidth;
    if (this.#screen !== undefined) {
      this.#isChanged = true;
      const part = this.#blocksOf(this.#screen, source, dense === true);
      const space = part.count > 0 && dense !== true ? [""] : [];
      return this.#lines([...space, ...lines.split("\n")], width, part);
    }
    if (this.#hasBlocks && dense !== true) this.#buffer.add(LINE_END);
    this.#hasBlocks = true;
    this.#headed = undefined;
    if (kind === "histogram" && this.#context.sources() > 1) this.#lines([`${source}:`], width);
    const text = width === undefined
      ? lines
      : lines.split("\n").map((line) => cutText(line, width)).join("\n");
    this.#buffer.add(encoder.encode(`${text}\n`));
  }

  notice(lines: readonly string[]): void {
    this.#screen?.notice(lines);
    this.#isChanged = this.#screen !== undefined;
  }

  flush(): void {
    if (this.#screen !== undefined && this.#isChanged) {
      this.#buffer.add(encoder.encode(this.#screen.frame(this.#terminalWidth ?? Infinity)));
      this.#isChanged = false;
    }
    this.#buffer.flush(this.#options.write);
  }

  close(): void {
    this.flush();
    if (this.#screen !== undefined) {
      this.#buffer.add(encoder.encode(this.#screen.leave(this.#terminalWidth ?? Infinity)));
    }
    this.#buffer.flush(this.#options.write);
  }
}

/** Returns the titles of columns, in one line. */
function titles(
  columns: readonly Column[],
  widths: readonly number[],
  { time, width }: { time: boolean; width: number | undefined },
): string {
  const cells = columns.map(({ title, right }, i) => {
    const space = " ".repeat(Math.max(0, (widths[i] ?? 0) - textWidth(title)));
    return right ? space + title : title + space;
  });
  const line = ((time ? "TIME     " : "") + cells.join(" ")).trimEnd();
  return width === undefined ? line : cutText(line, width);
}

const LINE_END = new Uint8Array([10]);

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

/** Escapes a printed line, whose tabs stay, or lead to the next eighth cell of a terminal. */
function withTabs(line: string, isTerminal: boolean): string {
  const [first = "", ...rest] = line.split("\t").map(visibleText);
  if (!isTerminal) return [first, ...rest].join("\t");
  let width = textWidth(first);
  let text = first;
  for (const part of rest) {
    const gap = 8 - width % 8;
    text += " ".repeat(gap) + part;
    width += gap + textWidth(part);
  }
  return text;
}
