/** Chart of series in a terminal: text in, text out, independent of the output. */

/** Size of a chart, in characters. */
export interface ChartSize {
  /** Width of a whole line. */
  width: number;
  /** Lines of each series. */
  height: number;
}

/** Eighths of a character, from the bottom. */
const BLOCKS = " ▁▂▃▄▅▆▇█";

/** Space after the bars: the series' name and its last value. */
const LABEL_WIDTH = 28;

/** Collects values and draws the last ones that fit. */
export class Chart {
  readonly #columns: number;
  readonly #height: number;
  readonly #series = new Map<string, number[]>();

  constructor({ width, height }: ChartSize) {
    this.#columns = Math.max(1, width - LABEL_WIDTH);
    this.#height = Math.max(1, height);
  }

  /**
   * Adds a value to a series, and creates the series at its first one; a value that is not a number
   * counts as 0.
   */
  add(name: string, value: number): void {
    const values = this.#series.get(name) ?? [];
    values.push(Number.isFinite(value) ? Math.max(0, value) : 0);
    // Values outside the chart are not needed any more.
    if (values.length > this.#columns) values.shift();
    this.#series.set(name, values);
  }

  /** Returns the chart as lines of at most {@linkcode ChartSize.width} characters. */
  draw(): string[] {
    return [...this.#series].flatMap(([name, values]) => this.#drawSeries(name, values));
  }

  #drawSeries(name: string, values: readonly number[]): string[] {
    const most = Math.max(...values, 1);
    const lines: string[] = [];
    for (let row = this.#height - 1; row >= 0; row--) {
      const bars = values.map((value) => block(value / most * this.#height - row)).join("");
      lines.push(bars.padStart(this.#columns));
    }
    const last = values.at(-1) ?? 0;
    lines[this.#height - 1] += ` ${name.slice(0, 15).padEnd(15)} ${format(last).padStart(10)}`;
    return lines;
  }
}

/** Returns the block for a part of a character, from 0 to 1. */
function block(part: number): string {
  return BLOCKS[Math.round(Math.min(1, Math.max(0, part)) * 8)] ?? " ";
}

/** Formats a number in at most ten characters. */
function format(value: number): string {
  const notation = value < 1e7 ? "standard" : "compact";
  return Math.round(value).toLocaleString("en-US", { notation });
}
