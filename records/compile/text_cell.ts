/** Cells of texts that take more than their own bytes: words of a command line, addresses with a port. */
import type { Field } from "../schema.ts";
import { ipByFamily } from "../text/addresses.ts";
import { u32 } from "../text/digits.ts";
import { jsonText, plainText, TEXT_EXPANSION } from "../text/strings.ts";
import { accessOf, place } from "./access.ts";
import { type Cell, type CellContext, quoted } from "./cell_base.ts";

const BLANK = 32, OPEN = 91, CLOSE = 93, COLON = 58;

/** Returns the value of an integer next to a field as an expression; undefined without one. */
export function besideExpression(at: Field["family"]): string | undefined {
  if (at === undefined) return undefined;
  const bytes = at.size as 1 | 2 | 4;
  const access = accessOf({ offset: at.offset }, { bytes, signed: false });
  return access.kind === "number" ? access.expr : undefined;
}

/** Words that each end with a NUL byte, with blanks between them. */
export function argsCell({ offset, used }: Field, length: number, context: CellContext): Cell {
  const words = new Uint8Array(length);
  const text = context.style === "json" ? jsonText : plainText;
  const write = context.code.constant(
    (b: Uint8Array, p: number, s: Uint8Array, at: number, most: number): number => {
      let end = Math.min(most, length);
      while (end > 0 && (s[at + end - 1] === 0 || s[at + end - 1] === BLANK)) end -= 1;
      for (let i = 0; i < end; i++) words[i] = s[at + i] || BLANK;
      return text(b, p, words, 0, end);
    },
  );
  const most = besideExpression(used) ?? `${length}`;
  return {
    expr: `${write}(b,p,s,${place(offset)},${most})`,
    max: length * TEXT_EXPANSION + 2,
  };
}

/** Address with its port; one of version 6 in brackets. */
export function endpointCell({ offset, family, port }: Field, context: CellContext): Cell {
  const write = context.code.constant(
    (b: Uint8Array, p: number, s: Uint8Array, at: number, version: number, number: number) => {
      const start = p + 1;
      let end = ipByFamily(b, start, s, at, version);
      if (b.subarray(start, end).includes(COLON)) {
        b[p] = OPEN;
        b[end++] = CLOSE;
      } else {
        b.copyWithin(p, start, end);
        end -= 1;
      }
      b[end++] = COLON;
      return u32(b, end, number);
    },
  );
  const version = besideExpression(family) ?? "0";
  const number = besideExpression(port) ?? "0";
  return quoted(
    { expr: `${write}(b,p,s,${place(offset)},${version},${number})`, max: 54 },
    context,
  );
}
