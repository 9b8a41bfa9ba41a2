/** Writers of durations and sizes for people. */
import { ascii, padded, u53 } from "./digits.ts";

const MINUS = 45;

/**
 * Writes a duration as `15ns`, `1.50µs`, `2.00ms`, `1.50s`, `2m03s`, `1h02m`.
 *
 * @param value in units of `nanoseconds` each, at most 2^64 of them
 */
export function duration(b: Uint8Array, p: number, value: number, nanoseconds: number): number {
  if (value < 0) {
    b[p++] = MINUS;
    value = -value;
  }
  const ns = value * nanoseconds;
  if (ns < 1000) return ascii(b, u53(b, p, Math.round(ns)), "ns");
  if (ns < 999_995) return microseconds(b, hundredths(b, p, ns / 1000));
  if (ns < 999_995_000) return ascii(b, hundredths(b, p, ns / 1e6), "ms");
  if (ns < 59_995_000_000) return ascii(b, hundredths(b, p, ns / 1e9), "s");
  const seconds = Math.round(ns / 1e9);
  if (seconds < 3600) {
    p = ascii(b, u53(b, p, Math.floor(seconds / 60)), "m");
    return ascii(b, padded(b, p, seconds % 60, 2), "s");
  }
  const minutes = Math.floor(seconds / 60);
  p = ascii(b, u53(b, p, Math.floor(minutes / 60)), "h");
  return ascii(b, padded(b, p, minutes % 60, 2), "m");
}

/** Writes `µs` in UTF-8. */
function microseconds(b: Uint8Array, p: number): number {
  b[p] = 0xc2;
  b[p + 1] = 0xb5;
  b[p + 2] = 115;
  return p + 3;
}

function hundredths(b: Uint8Array, p: number, n: number): number {
  const whole = Math.round(n * 100);
  p = u53(b, p, Math.floor(whole / 100));
  b[p++] = 46;
  return padded(b, p, whole % 100, 2);
}

const PREFIXES = ["", "k", "M", "G", "T", "P", "E", "Z"];

/** Writes a size as `512 B`, `1.5 kB`, `83 MB`: SI prefixes, two digits at least. */
export function size(b: Uint8Array, p: number, value: number): number {
  if (value < 0) {
    b[p++] = MINUS;
    value = -value;
  }
  let prefix = 0;
  while (value >= 999.5 && prefix < PREFIXES.length - 1) {
    value /= 1000;
    prefix++;
  }
  const tenths = Math.round(value * 10);
  if (prefix === 0 || tenths >= 100) p = u53(b, p, Math.round(value));
  else {
    p = u53(b, p, Math.floor(tenths / 10));
    if (tenths % 10 !== 0) {
      b[p++] = 46;
      p = u53(b, p, tenths % 10);
    }
  }
  return ascii(b, p, ` ${PREFIXES[prefix]}B`);
}
