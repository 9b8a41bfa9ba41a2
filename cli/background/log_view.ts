/** Shows lines of a log: text, or records in some format. */
import { loadRowFilter, type RowFilter } from "../../records/mod.ts";
import { type LogLine, recordOf } from "../../service/mod.ts";
import { UsageError } from "../errors.ts";
import { escapeJson, printError, visible } from "../terminal/output.ts";
import { print } from "../terminal/output_file.ts";
import { RowColumns } from "./row_columns.ts";

const FORMATS = ["text", "columns", "jsonl", "json"] as const;

/** Format of a log on the screen. */
export type LogFormat = typeof FORMATS[number];

/** Reads `-o`; records are shown as columns by default. */
export function parseLogFormat(text: string | undefined, hasRecords: boolean): LogFormat {
  if (text === undefined) return hasRecords ? "columns" : "text";
  const format = FORMATS.find((each) => each === text);
  if (format !== undefined) return format;
  throw new UsageError(`Cannot use -o "${text}": unknown format`, `pass ${FORMATS.join(", ")}`);
}

/** Options of a view. */
export interface LogViewOptions {
  readonly format: LogFormat;
  readonly filter: string | undefined;
  readonly timestamps: boolean;
}

/** Output of a log. */
export class LogView {
  readonly #options: LogViewOptions;
  readonly #filter: RowFilter | undefined;
  readonly #columns = new RowColumns();
  readonly #isTerminal = Deno.stdout.isTerminal();
  #shown = 0;

  private constructor(options: LogViewOptions, filter: RowFilter | undefined) {
    this.#options = options;
    this.#filter = filter;
  }

  /** @throws {RecordsError} `BAD_FILTER` */
  static async open(options: LogViewOptions): Promise<LogView> {
    const { filter } = options;
    return new LogView(options, filter === undefined ? undefined : await loadRowFilter(filter));
  }

  /** Shows lines, in one write for each stream. */
  show(lines: readonly LogLine[]): void {
    const out: string[] = [];
    for (const line of lines) {
      if (line.stream === "stdout") out.push(...this.#stdout(line));
      else if (this.#options.format !== "json" && this.#filter === undefined) {
        if (out.length > 0) print(out.splice(0).join("\n"));
        printError(this.#stamped(line, visible(line.text)));
      }
    }
    if (out.length > 0) print(out.join("\n"));
  }

  /** Ends the output; returns the exit code. */
  end(): number {
    if (this.#options.format === "json") print(this.#shown === 0 ? "[]" : "]");
    return 0;
  }

  #stdout(line: LogLine): string[] {
    const { format } = this.#options;
    if (format === "text" && this.#filter === undefined) return [this.#text(line)];
    const row = rowOf(line.text);
    if (row === undefined) {
      return format === "columns" && this.#filter === undefined ? [this.#text(line)] : [];
    }
    if (this.#filter?.(row, line.text) === false) return [];
    switch (format) {
      case "json":
        return [`${this.#shown++ === 0 ? "[" : ","}${this.#json(line)}`];
      case "columns":
        return this.#columns.lines(row).map((text) => this.#stamped(line, text));
      default:
        return [this.#stamped(line, this.#json(line))];
    }
  }

  /** Returns a record as it is in the log; what controls a terminal is escaped there. */
  #json({ text }: LogLine): string {
    // Outside of texts, JSON has carriage returns as blanks.
    return this.#isTerminal ? escapeJson(text.replaceAll("\r", " ")) : text;
  }

  #text(line: LogLine): string {
    return this.#stamped(line, this.#isTerminal ? visible(line.text) : line.text);
  }

  #stamped({ time }: LogLine, text: string): string {
    return this.#options.timestamps ? `${time} ${text}` : text;
  }
}

/** Numbers of so many digits may not be exact in JavaScript. */
const LONG = /\d{16}/;

/** Returns the record that a line is, of which integers keep all digits; undefined for other text. */
function rowOf(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!LONG.test(text)) return recordOf(text);
  return recordOf(text, (_, value, { source } = {}) => {
    const isLong = typeof value === "number" && !Number.isSafeInteger(value) &&
      source !== undefined && /^-?\d+$/.test(source);
    return isLong ? rawJson(source) : value;
  });
}

/** JSON.rawJSON(), which the types of TypeScript lack: JSON.stringify() writes its text. */
const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;
