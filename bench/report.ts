/** Figures of a benchmark on a shared machine, as a table for people or as JSON for programs. */

/** Measurement, and that of native libbpf doing the same in the same run. */
export interface Row {
  what: string;
  unit: "ms" | "us" | "ns" | "MB" | "MB/s" | "events";
  native: number;
  wasmBpf: number;
  /** Median of the ratios pair by pair, which need not be the ratio of the medians. */
  ratio: number;
  /** 10th and 90th of 100 of the ratios, where there are several. */
  spread?: Spread;
  /** Base of the ratio, if it is more than native alone. */
  ratioTo?: string;
  /**
   * Bounds, in the unit and as a ratio. Those in a unit are for what holds on any machine: a promised
   * delay, a difference to native.
   */
  atMost?: { figure?: number; ratio?: number };
}

/** Reports whether a row keeps its bounds. */
function isMet({ wasmBpf, ratio, atMost }: Row): boolean {
  return wasmBpf <= (atMost?.figure ?? Infinity) &&
    (atMost?.ratio === undefined || ratio <= atMost.ratio);
}

function bounds({ atMost, unit }: Row): string {
  return [
    atMost?.figure === undefined ? [] : [`${Number(atMost.figure.toPrecision(3))} ${unit}`],
    atMost?.ratio === undefined ? [] : [`${atMost.ratio.toFixed(2)} x`],
  ].flat().join(", ");
}

function ratioOf({ ratio, spread, ratioTo }: Row): string {
  const range = spread === undefined
    ? ""
    : ` (${spread.low.toFixed(2)} to ${spread.high.toFixed(2)})`;
  return `${ratio.toFixed(2)}${range}${ratioTo === undefined ? "" : ` to ${ratioTo}`}`;
}

/** Returns the cells of a row: name, native, wasm-bpf, ratio, bounds. */
function cellsOf(row: Row): string[] {
  // Some have nothing native beside them.
  const figure = (value: number) =>
    Number.isNaN(value) ? "" : `${Number(value.toPrecision(3))} ${row.unit}`;
  return [row.what, figure(row.native), figure(row.wasmBpf), ratioOf(row), bounds(row)];
}

function table(rows: readonly Row[]): string {
  const cells = rows.map((row) => [...cellsOf(row), isMet(row) ? "" : "MISSED"]);
  const all = [["", "native", "wasm-bpf", "ratio", "at most", ""], ...cells];
  const widths = all[0]?.map((_, i) => Math.max(...all.map((line) => line[i]?.length ?? 0))) ?? [];
  return all.map((line) => line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ").trimEnd())
    .join("\n");
}

/**
 * Prints the rows: JSON when the program's arguments hold `--json`.
 *
 * @returns the exit code: 1 when a bound is missed or a measurement was left out
 */
export function report(rows: readonly Row[]): number {
  const json = Deno.args.includes("--json");
  const text = json
    ? JSON.stringify(rows.map((row) => ({ ...row, cells: cellsOf(row), met: isMet(row) })))
    : table(rows);
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
  return rows.every(isMet) && leftOut === 0 ? 0 : 1;
}

/** Returns the rows of one measurement. */
export type Measure = () => Promise<Row[]>;

/** Measurements of what misses a bound: machines are shared, and other work comes and goes. */
const ATTEMPTS = 3;
/** No measurement is repeated, and none begins, after these times: a benchmark ends within minutes. */
const REPEAT_WITHIN_MS = 150_000;
const BEGIN_WITHIN_MS = 300_000;

/** Measurements that were left out, since time was over. */
let leftOut = 0;

/**
 * Measures, and again what missed a bound. Standard error shows what is done. What is left out, since
 * time was over, makes {@linkcode report} return 1.
 *
 * @returns the rows; of a repeated measurement the last ones
 */
export async function measureAll(measures: readonly Measure[]): Promise<Row[]> {
  const began = performance.now();
  const rows: Row[] = [];
  for (const [index, measure] of measures.entries()) {
    if (performance.now() - began > BEGIN_WITHIN_MS) {
      leftOut = measures.length - index;
      progress(`leaves out ${leftOut} of ${measures.length}: the machine is too busy`);
      break;
    }
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const again = attempt === 1 ? "" : `, again (${attempt} of ${ATTEMPTS})`;
      progress(`measures ${index + 1} of ${measures.length}${again} …`);
      const last = await measure();
      const isLast = last.every(isMet) || attempt === ATTEMPTS ||
        performance.now() - began > REPEAT_WITHIN_MS;
      last.forEach((row) =>
        progress(`  ${cellsOf(row).join("  ")}${isMet(row) ? "" : "  missed"}`)
      );
      if (!isLast) continue;
      rows.push(...last);
      break;
    }
  }
  return rows;
}

function progress(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
}

/** The middle of some figures. */
export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** Range that four of five figures lie in. */
export interface Spread {
  /** Not above nine of ten figures. */
  low: number;
  /** Not below nine of ten figures. */
  high: number;
}

/** Returns the 10th and the 90th of 100 figures; the extremes where there are less than ten. */
export function spreadOf(figures: readonly number[]): Spread {
  const sorted = figures.toSorted((a, b) => a - b);
  const skip = Math.floor(sorted.length / 10);
  return { low: sorted[skip] ?? NaN, high: sorted[sorted.length - 1 - skip] ?? NaN };
}
