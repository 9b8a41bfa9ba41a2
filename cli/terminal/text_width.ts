/** Lines cut and padded to a number of a terminal's cells. */
import { cellsOf, textWidth } from "../../records/text/widths.ts";

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
