/** Columns of text. */
import { visibleLine } from "./output.ts";
import { padToWidth, textWidth } from "./text_width.ts";

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
