/** Columns of records that arrive one after the other. */
import { toJson, visibleLine } from "../terminal/output.ts";
import { padToWidth, textWidth } from "../terminal/table.ts";

/** Widest column that is kept: one long value must not move all later ones. */
const MAX_WIDTH = 40;

/** Aligns rows whose number is not known; a column grows with its widest value. */
export class RowColumns {
  #names: string[] = [];
  readonly #widths = new Map<string, number>();

  /** Returns the lines of a row: a header before, where its fields differ from those above. */
  lines(row: Readonly<Record<string, unknown>>): string[] {
    const names = Object.keys(row);
    const isSame = names.length === this.#names.length &&
      names.every((name, i) => name === this.#names[i]);
    const cells = names.map((name) => this.#fit(name, text(row[name])));
    if (isSame) return [joined(cells)];
    this.#names = names;
    const header = names.map((name) => this.#fit(name, visibleLine(name.toUpperCase())));
    return [joined(header), joined(names.map((name) => this.#fit(name, text(row[name]))))];
  }

  #fit(name: string, cell: string): string {
    const header = textWidth(visibleLine(name));
    const known = this.#widths.get(name) ?? Math.min(header, MAX_WIDTH);
    const width = Math.max(known, Math.min(textWidth(cell), MAX_WIDTH));
    this.#widths.set(name, width);
    return padToWidth(cell, width, "right");
  }
}

function joined(cells: readonly string[]): string {
  return cells.join("  ").trimEnd();
}

function text(value: unknown): string {
  return typeof value === "string" ? visibleLine(value) : toJson(value ?? null);
}
