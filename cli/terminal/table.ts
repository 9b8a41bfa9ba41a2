/** Columns of text, and lines cut and padded to a number of a terminal's cells. */
import { cellsOf, textWidth } from "../../records/text/widths.ts";
import { visibleLine } from "./output.ts";

/**
 * Aligns the cells of each column, two spaces apart.
 *
 * @param options.right right-aligned columns, such as numbers
 */
export function formatTable(
  rows: readonly (readonly string[])[],
  options: { right?: readonly number[] } = {},
): string {
  const shown = rows.map((row) => row.map(visibleLine));
  const widths = (shown[0] ?? []).map((_, column) =>
    Math.max(...shown.map((row) => textWidth(row[column] ?? "")))
  );
  return shown.map((row) =>
    row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return padToWidth(cell, width, options.right?.includes(column) ? "left" : "right");
    }).join("  ").trimEnd()
  ).join("\n");
}

export { textWidth };

/** Returns the start of a line of visible text, as much as fits `width` cells. */
export function cutToWidth(text: string, width: number): string {
  let left = width;
  let end = 0;
  for (const character of text) {
    left -= cellsOf(character);
    if (left < 0) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** Pads a line of visible text to `width` cells. */
export function padToWidth(text: string, width: number, side: "left" | "right" = "right"): string {
  const space = " ".repeat(Math.max(0, width - textWidth(text)));
  return side === "right" ? text + space : space + text;
}
