/** Columns of text. */
import { visible } from "./output.ts";

/**
 * Lines the cells of each row up, two spaces apart.
 *
 * @param options.right columns whose cells stand at the right, such as numbers
 */
export function formatTable(
  rows: readonly (readonly string[])[],
  options: { right?: readonly number[] } = {},
): string {
  const shown = rows.map((row) => row.map((cell) => visible(cell).replaceAll("\n", "\\n")));
  const widths = (shown[0] ?? []).map((_, column) =>
    Math.max(...shown.map((row) => row[column]?.length ?? 0))
  );
  return shown.map((row) =>
    row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return options.right?.includes(column) ? cell.padStart(width) : cell.padEnd(width);
    }).join("  ").trimEnd()
  ).join("\n");
}
