/** Widths of text in a terminal's cells. */

/** Characters that terminals draw over the one before. */
const COMBINING = /\p{Mn}|\p{Me}/u;
/** Characters that terminals draw in two cells (Unicode Standard Annex 11, wide and fullwidth). */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;

/** Returns the cells of one character, which is neither a control nor a format character. */
export function cellsOf(character: string): number {
  if (character < "\u0300") return 1;
  if (COMBINING.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** Returns the cells that text takes. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += cellsOf(character);
  return width;
}

const decoder = new TextDecoder();

/** Returns the cells of the valid UTF-8 text from `start` to `end`. */
export function writtenWidth(b: Uint8Array, start: number, end: number): number {
  for (let i = start; i < end; i++) {
    if ((b[i] ?? 0) > 127) return textWidth(decoder.decode(b.subarray(start, end)));
  }
  return end - start;
}

/** Returns text cut to `width` cells, with `…` as the last when something is missing. */
export function cutText(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let left = width - 1;
  let end = 0;
  for (const character of text) {
    left -= cellsOf(character);
    if (left < 0) break;
    end += character.length;
  }
  return width <= 0 ? "" : `${text.slice(0, end)}…`;
}
