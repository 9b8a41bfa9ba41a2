/**
 * Writers of numbers as ASCII digits. Each writes to `b` from `p` on and returns the position after it;
 * the caller has made room. Nothing is allocated.
 */

const ZERO = 48;
const MINUS = 45;
const HEX = Uint8Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));
const TWO_32 = 0x1_0000_0000;
const BILLION = 1_000_000_000;

/** Writes a 32-bit unsigned number. */
export function u32(b: Uint8Array, p: number, n: number): number {
  n >>>= 0;
  let end = p + 1;
  if (n >= 10) {
    end += n < 100
      ? 1
      : n < 1000
      ? 2
      : n < 10_000
      ? 3
      : n < 100_000
      ? 4
      : n < 1_000_000
      ? 5
      : n < 10_000_000
      ? 6
      : n < 100_000_000
      ? 7
      : n < BILLION
      ? 8
      : 9;
  }
  let at = end;
  while (n >= 10) {
    const rest = (n / 10) >>> 0;
    b[--at] = ZERO + (n - rest * 10);
    n = rest;
  }
  b[--at] = ZERO + n;
  return end;
}

/** Writes a 32-bit signed number. */
export function i32(b: Uint8Array, p: number, n: number): number {
  if (n >= 0) return u32(b, p, n);
  b[p] = MINUS;
  return u32(b, p + 1, -n);
}

/** Writes exactly `count` digits, with zeros before the number. */
export function padded(b: Uint8Array, p: number, n: number, count: number): number {
  for (let at = p + count - 1; at >= p; at--) {
    const rest = Math.floor(n / 10);
    b[at] = ZERO + (n - rest * 10);
    n = rest;
  }
  return p + count;
}

/** Writes a whole number from 0 to 2^53. */
export function u53(b: Uint8Array, p: number, n: number): number {
  if (n < TWO_32) return u32(b, p, n);
  let high = Math.floor(n / BILLION);
  let low = n - high * BILLION;
  // The division rounds.
  if (low < 0) {
    high -= 1;
    low += BILLION;
  }
  return padded(b, u53(b, p, high), low, 9);
}

/** Writes a 64-bit unsigned number in two halves. */
export function u64(b: Uint8Array, p: number, low: number, high: number): number {
  if (high < 0x20_0000) return u53(b, p, high * TWO_32 + low);
  // Long division by 10^9 in digits of 16 bits: every step is below 2^53.
  const q2 = Math.floor(high / BILLION);
  let rest = high - q2 * BILLION;
  let part = rest * 65_536 + (low >>> 16);
  const q1 = Math.floor(part / BILLION);
  rest = part - q1 * BILLION;
  part = rest * 65_536 + (low & 0xffff);
  const q0 = Math.floor(part / BILLION);
  rest = part - q0 * BILLION;
  return padded(b, u53(b, p, q2 * TWO_32 + q1 * 65_536 + q0), rest, 9);
}

/** Writes a 64-bit signed number in two halves. */
export function i64(b: Uint8Array, p: number, low: number, high: number): number {
  if (high < 0x8000_0000) return u64(b, p, low, high);
  b[p] = MINUS;
  return u64(b, p + 1, (~low + 1) >>> 0, (~high + (low === 0 ? 1 : 0)) >>> 0);
}

/** Writes ASCII text. */
export function ascii(b: Uint8Array, p: number, text: string): number {
  for (let i = 0; i < text.length; i++) b[p++] = text.charCodeAt(i);
  return p;
}

/** Writes bytes as they are. */
export function copy(b: Uint8Array, p: number, bytes: Uint8Array): number {
  const { length } = bytes;
  if (length > 32) b.set(bytes, p);
  else for (let i = 0; i < length; i++) b[p + i] = bytes[i] ?? 0;
  return p + length;
}

/** Writes `0x` and the digits of a 64-bit number in two halves, without leading zeros. */
export function hex64(b: Uint8Array, p: number, low: number, high: number): number {
  b[p] = ZERO;
  b[p + 1] = 120;
  p += 2;
  let started = false;
  for (let shift = 28; shift >= 0; shift -= 4) {
    const digit = high >>> shift & 15;
    started ||= digit !== 0;
    if (started) b[p++] = HEX[digit] ?? 0;
  }
  for (let shift = 28; shift >= 0; shift -= 4) {
    const digit = low >>> shift & 15;
    started ||= digit !== 0 || shift === 0;
    if (started) b[p++] = HEX[digit] ?? 0;
  }
  return p;
}

/** Writes two hexadecimal digits. */
export function hexByte(b: Uint8Array, p: number, n: number): number {
  b[p] = HEX[n >>> 4 & 15] ?? 0;
  b[p + 1] = HEX[n & 15] ?? 0;
  return p + 2;
}

/** Writes bytes as hexadecimal digits without separators. */
export function hexBytes(
  b: Uint8Array,
  p: number,
  s: Uint8Array,
  at: number,
  length: number,
): number {
  for (let i = 0; i < length; i++) p = hexByte(b, p, s[at + i] ?? 0);
  return p;
}
