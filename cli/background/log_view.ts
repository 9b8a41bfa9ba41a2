/** Shows lines of a log: text, or records in some format. */
import { loadRowFilter, type RowFilter } from "../../records/mod.ts";
import type { LogLine } from "../../service/mod.ts";
import { UsageError } from "../errors.ts";
import { printError, visible } from "../terminal/output.ts";
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
        return [`${this.#shown++ === 0 ? "[" : ","}${line.text}`];
      case "columns":
        return this.#columns.lines(row).map((text) => this.#stamped(line, text));
      default:
        return [this.#stamped(line, line.text)];
    }
  }

  #text(line: LogLine): string {
    return this.#stamped(line, this.#isTerminal ? visible(line.text) : line.text);
  }

  #stamped({ time }: LogLine, text: string): string {
    return this.#options.timestamps ? `${time} ${text}` : text;
  }
}

/** Returns the record that a line is; undefined for other text. */
function rowOf(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null
      ? value as Record<string, unknown>
      : undefined;
  } catch {
    return undefined;
  }
}
