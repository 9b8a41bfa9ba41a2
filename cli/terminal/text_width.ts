/** Widths of text in a terminal's cells. */

/** Characters that terminals draw over the one before. */
const COMBINING = /\p{Mn}|\p{Me}/u;
/** Characters that terminals draw in two cells (Unicode Standard Annex 11, wide and fullwidth). */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;

/** Returns the cells of one character, which is neither a control nor a format character. */
function cellsOf(character: string): number {
  if (character < "\u0300") return 1;
  if (COMBINING.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** Returns the cells that a line of visible text takes. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += cellsOf(character);
  return width;
}

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
