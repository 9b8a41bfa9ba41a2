/** Cells of numbers that are not decimal digits: hexadecimal, times, floats. */
import type { Format } from "../format.ts";
import type { Field } from "../schema.ts";
import { ascii } from "../text/digits.ts";
import { BOOT, MONOTONIC, WALL } from "../text/times.ts";
import { type Access, place } from "./access.ts";
import { type Cell, type CellContext, digits } from "./cell_base.ts";

export function hexCell(access: Access, context: CellContext): Cell {
  if (access.kind === "pair") return { expr: `hex64(b,p,${access.low},${access.high})`, max: 18 };
  if (access.kind === "number") {
    // Of a negative number, the digits of its 32 bits.
    return { expr: `hex64(b,p,${access.expr}>>>0,0)`, max: 18 };
  }
  const write = context.code.constant((b: Uint8Array, p: number, value: bigint) =>
    ascii(b, p, `0x${BigInt.asUintN(128, value).toString(16)}`)
  );
  return { expr: `${write}(b,p,${access.expr})`, max: 34 };
}

export function timeCell(access: Access, format: Format, context: CellContext): Cell {
  if (access.kind === "big" || (context.exact && context.style === "plain")) {
    return digits(access, context);
  }
  const [low, high] = access.kind === "pair"
    ? [access.low, access.high]
    : [`${access.expr}>>>0`, "0"];
  const times = context.code.constant(context.times);
  if (format.argument === "guess") {
    // A time that is only likely stays a number where programs read it.
    if (context.style === "json") return digits(access, context);
    return { expr: `${times}.guess(b,p,${low},${high})`, max: 24 };
  }
  const clock = format.argument === "boot" ? BOOT : format.argument === "wall" ? WALL : MONOTONIC;
  const call = context.style === "json" ? "json" : "plain";
  return { expr: `${times}.${call}(b,p,${low},${high},${clock})`, max: 48 };
}

export function floatCell(field: Field, bytes: 4 | 8, context: CellContext): Cell {
  const { format } = field;
  const value = `v.getFloat${bytes * 8}(${place(field.offset)},true)`;
  const people = context.style === "plain" && !context.exact;
  if (people && /^(ns|us|ms|s)$/.test(format.name)) {
    const unit = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 }[format.name as "ns"];
    const write = context.code.constant(floatWriter(bytes, false));
    return {
      expr: `(Math.abs(${value})<1e15?duration(b,p,${value},${unit}):${write}(b,p,${value}))`,
      max: 48,
    };
  }
  const write = context.code.constant(floatWriter(bytes, context.style === "json"));
  return { expr: `${write}(b,p,${value})`, max: 34 };
}

function floatWriter(bytes: 4 | 8, json: boolean): (b: Uint8Array, p: number, n: number) => number {
  return (b, p, n) => {
    if (!Number.isFinite(n)) return ascii(b, p, json ? `"${n}"` : String(n));
    return ascii(b, p, bytes === 4 ? shortestFloat(n) : String(n === 0 ? 0 : n));
  };
}

/** Fewest digits that give the same 32-bit number. */
function shortestFloat(n: number): string {
  for (let precision = 1; precision < 9; precision++) {
    const text = n.toPrecision(precision);
    if (Math.fround(Number(text)) === n) return String(Number(text) + 0);
  }
  return String(n);
}
