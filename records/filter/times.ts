/** Times of CEL in filters: `duration("1.5ms")`, `timestamp("2026-01-31T12:00:00Z")`. */
import type { Clock } from "../text/times.ts";
import type { Field } from "../schema.ts";

const NANOSECONDS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  "\u00b5s": 1_000n,
  "\u03bcs": 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const PART = /(\d{1,15})(?:\.(\d{1,9}))?(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/y;

/** Returns the nanoseconds of a text such as `1h30m` or `-1.5ms`; undefined for another text. */
export function durationOf(text: string): bigint | undefined {
  const [, sign = "", rest = ""] = /^([-+]?)(.+)$/s.exec(text) ?? [];
  if (rest === "0") return 0n;
  let sum = 0n;
  PART.lastIndex = 0;
  while (PART.lastIndex < rest.length) {
    const [, whole = "0", fraction = "", unit = ""] = PART.exec(rest) ?? [];
    const size = NANOSECONDS[unit];
    if (size === undefined) return undefined;
    sum += BigInt(whole) * size + BigInt(fraction.padEnd(9, "0")) * size / 1_000_000_000n;
  }
  return rest === "" ? undefined : sign === "-" ? -sum : sum;
}

const MOMENT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[-+]\d\d:\d\d)$/i;

/** Returns the nanoseconds since 1970 of a text of RFC 3339; undefined for another text. */
export function momentOf(text: string): bigint | undefined {
  const [, start = "", fraction = "", zone = ""] = MOMENT.exec(text) ?? [];
  const ms = Date.parse(`${start}${zone}`);
  if (Number.isNaN(ms)) return undefined;
  return BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
}

/** Returns the nanoseconds of one step of a field that is a duration; undefined for others. */
export function stepOf({ format: { name } }: Field): bigint | undefined {
  return /^(ns|us|ms|s)$/.test(name) ? NANOSECONDS[name] : undefined;
}

/** Returns the nanoseconds since 1970 at which the clock of a field that is a time starts. */
export function startOf({ format }: Field, clock: Clock): bigint | undefined {
  if (format.name !== "time") return undefined;
  if (format.argument === "wall") return 0n;
  return clock.ahead(format.argument === "boot" ? "boot" : "monotonic");
}
