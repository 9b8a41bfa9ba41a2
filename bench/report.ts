/** Figures of a benchmark, as a table for people or as JSON for programs. */

/** Measurement, and that of native libbpf doing the same in the same run. */
export interface Row {
  what: string;
  unit: "ms" | "us" | "ns" | "MB" | "MB/s";
  native: number;
  wasmBpf: number;
  /** Median of the ratios pair by pair, which need not be the ratio of the medians. */
  ratio: number;
  /** Base of the ratio, if it is more than native alone. */
  ratioTo?: string;
  /** Bounds, in the unit and as a ratio. */
  atMost?: { figure?: number; ratio?: number };
}

function isMet({ wasmBpf, ratio, atMost }: Row): boolean {
  return wasmBpf <= (atMost?.figure ?? Infinity) && ratio <= (atMost?.ratio ?? Infinity);
}

function bounds({ atMost, unit }: Row): string {
  return [
    atMost?.figure === undefined ? [] : [`${atMost.figure} ${unit}`],
    atMost?.ratio === undefined ? [] : [`${atMost.ratio.toFixed(2)} x`],
  ].flat().join(", ");
}

function table(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.what,
    `${Number(row.native.toPrecision(3))} ${row.unit}`,
    `${Number(row.wasmBpf.toPrecision(3))} ${row.unit}`,
    `${row.ratio.toFixed(2)}${row.ratioTo === undefined ? "" : ` (to ${row.ratioTo})`}`,
    bounds(row),
    isMet(row) ? "" : "MISSED",
  ]);
  const all = [["", "native", "wasm-bpf", "ratio", "at most", ""], ...cells];
  const widths = all[0]?.map((_, i) => Math.max(...all.map((line) => line[i]?.length ?? 0))) ?? [];
  return all.map((line) => line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ").trimEnd())
    .join("\n");
}

/**
 * Prints the rows: JSON when the program's arguments hold `--json`.
 *
 * @returns the exit code: 1 when a bound is missed
 */
export function report(rows: readonly Row[]): number {
  const json = Deno.args.includes("--json");
  const text = json
    ? JSON.stringify(rows.map((row) => ({ ...row, met: isMet(row) })))
    : table(rows);
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
  return rows.every(isMet) ? 0 : 1;
}
