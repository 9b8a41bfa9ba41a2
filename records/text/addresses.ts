/** Writers of network and hardware addresses. */
import { hexByte, u32 } from "./digits.ts";

const DOT = 46;
const COLON = 58;
const HEX = "0123456789abcdef";

/** Writes four bytes as `127.0.0.1`; 15 bytes at most. */
export function ipv4(b: Uint8Array, p: number, s: Uint8Array, at: number): number {
  p = u32(b, p, s[at] ?? 0);
  for (let i = 1; i < 4; i++) {
    b[p++] = DOT;
    p = u32(b, p, s[at + i] ?? 0);
  }
  return p;
}

/** Writes 16 bytes as RFC 5952 has it; 45 bytes at most. */
export function ipv6(b: Uint8Array, p: number, s: Uint8Array, at: number): number {
  let zeros = 0;
  for (let i = 0; i < 10; i++) if (s[at + i] !== 0) zeros = -1;
  if (zeros === 0 && s[at + 10] === 255 && s[at + 11] === 255) {
    for (const letter of MAPPED) b[p++] = letter;
    return ipv4(b, p, s, at + 12);
  }
  // The longest run of zero groups, of two at least; the first of equal ones.
  let from = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let run = 0;
    while (i + run < 8 && s[at + 2 * (i + run)] === 0 && s[at + 2 * (i + run) + 1] === 0) run++;
    if (run > length) [from, length] = [i, run];
  }
  for (let i = 0; i < 8; i++) {
    if (i === from) {
      b[p++] = COLON;
      if (i === 0) b[p++] = COLON;
      i += length - 1;
      continue;
    }
    p = group(b, p, (s[at + 2 * i] ?? 0) << 8 | (s[at + 2 * i + 1] ?? 0));
    if (i < 7) b[p++] = COLON;
  }
  return p;
}

const MAPPED = new TextEncoder().encode("::ffff:");

function group(b: Uint8Array, p: number, n: number): number {
  let started = false;
  for (let shift = 12; shift >= 0; shift -= 4) {
    const digit = n >>> shift & 15;
    started ||= digit !== 0 || shift === 0;
    if (started) b[p++] = HEX.charCodeAt(digit);
  }
  return p;
}

/**
 * Writes 16 bytes without a family: IPv4 when mapped or followed by 12 zero bytes. All zeros are `::`.
 */
export function ipAny(b: Uint8Array, p: number, s: Uint8Array, at: number): number {
  let tail = 0;
  let head = 0;
  for (let i = 0; i < 16; i++) {
    if (i < 4) head |= s[at + i] ?? 0;
    else tail |= s[at + i] ?? 0;
  }
  if (tail === 0 && head !== 0) return ipv4(b, p, s, at);
  let zeros = true;
  for (let i = 0; i < 10; i++) if (s[at + i] !== 0) zeros = false;
  if (zeros && s[at + 10] === 255 && s[at + 11] === 255) return ipv4(b, p, s, at + 12);
  return ipv6(b, p, s, at);
}

/**
 * Writes an address of 16 bytes by its family: AF_INET or version 4 has it in the first four bytes.
 */
export function ipByFamily(
  b: Uint8Array,
  p: number,
  s: Uint8Array,
  at: number,
  family: number,
): number {
  if (family === 2 || family === 4) return ipv4(b, p, s, at);
  if (family === 10 || family === 6) return ipv6(b, p, s, at);
  return ipAny(b, p, s, at);
}

/** Writes six bytes as `0a:1b:2c:3d:4e:5f`. */
export function mac(b: Uint8Array, p: number, s: Uint8Array, at: number): number {
  for (let i = 0; i < 6; i++) {
    if (i > 0) b[p++] = COLON;
    p = hexByte(b, p, s[at + i] ?? 0);
  }
  return p;
}
