/** Surroundings and common parts of cells: digits, quotes, and names of values. */
import type { Resolvers } from "../resolvers.ts";
import type { Field } from "../schema.ts";
import { ascii } from "../text/digits.ts";
import { jsonString, visibleText } from "../text/strings.ts";
import type { Times } from "../text/times.ts";
import type { Access } from "./access.ts";
import type { Code } from "./code.ts";
import { MAX_MEMO_BYTES, Memo } from "./memo.ts";

/** Look of cells: for people, or exact. */
export type Style = "plain" | "json";

/** Surroundings of cells. */
export interface CellContext {
  readonly code: Code;
  readonly style: Style;
  readonly times: Times;
  readonly resolvers: Resolvers;
  /** True for digits where people would read units. */
  readonly exact: boolean;
  /** All fields of the record. */
  readonly all: readonly Field[];
  /** Expression of the process that addresses belong to; undefined without one. */
  readonly pid?: string | undefined;
  /** Returns the writer of a value in an array. */
  readonly element: (field: Field) => { write: CellWriter; max: number };
  /** Returns the writer of a struct in an array, always as JSON. */
  readonly object: (fields: readonly Field[]) => { write: CellWriter; max: number };
}

/** Writes one value of the record at `at` and returns the position after it. */
export type CellWriter = (
  b: Uint8Array,
  p: number,
  s: Uint8Array,
  v: DataView,
  at: number,
) => number;

/** Expression for one field. */
export interface Cell {
  readonly expr: string;
  /** Bytes that it writes at most. */
  readonly max: number;
}

const DIGITS = 22;

/** Adds quotes in JSON. */
export function quoted({ expr, max }: Cell, context: CellContext): Cell {
  if (context.style === "plain") return { expr, max };
  return { expr: `(b[p++]=34,p=${expr},b[p]=34,p+1)`, max: max + 2 };
}

export function digits(access: Access, context: CellContext): Cell {
  switch (access.kind) {
    case "number":
      return { expr: `${access.signed ? "i32" : "u32"}(b,p,${access.expr})`, max: DIGITS };
    case "pair":
      return {
        expr: `${access.signed ? "i64" : "u64"}(b,p,${access.low},${access.high})`,
        max: DIGITS,
      };
    case "big": {
      const write = context.code.constant((b: Uint8Array, p: number, value: bigint) =>
        ascii(b, p, String(value))
      );
      return quoted({ expr: `${write}(b,p,${access.expr})`, max: 44 }, context);
    }
  }
}

/** Returns the value as a number, rounded above 2^53. */
export function approximate(access: Access): string {
  if (access.kind === "number") return access.expr;
  if (access.kind === "big") return `Number(${access.expr})`;
  return `(${access.high}${access.signed ? "|0" : ""})*4294967296+${access.low}`;
}

/** Text of a value that `find` has a name for; digits if it has not. */
export function named(
  access: Access,
  context: CellContext,
  find: (value: bigint) => string | undefined,
): Cell {
  const memo = new Memo((value) => {
    const name = find(value);
    if (name === undefined) return `${value}`;
    return context.style === "json" ? jsonString(name) : visibleText(name);
  });
  const k = context.code.constant(memo);
  if (access.kind === "number") {
    return { expr: `${k}.number(b,p,${access.expr})`, max: MAX_MEMO_BYTES };
  }
  if (access.kind === "pair") {
    const expr = `${k}.pair(b,p,${access.low},${access.high},${access.signed})`;
    return { expr, max: MAX_MEMO_BYTES };
  }
  return digits(access, context);
}
