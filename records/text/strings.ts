/**
 * Writers of text that comes from the kernel or a guest. Control characters, format characters such as
 * bidi marks, and invalid UTF-8 never reach the output as they are.
 *
 * Each writes to `b` from `p` on and returns the position after it; the caller has made room:
 * {@linkcode TEXT_EXPANSION} bytes for each byte of text.
 */
import { hexByte, u32 } from "./digits.ts";

/** Bytes that one byte of text takes at most: `\u001b` in JSON, and `\u{10ffff}` for four bytes. */
export const TEXT_EXPANSION = 6;

const QUOTE = 34;
const BACKSLASH = 92;

/** Characters that control a terminal or are invisible: controls, format characters, separators, surrogates. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Writes text up to its first NUL byte, as one cell: `\x1b` for what must not be seen. */
export function plainText(
  b: Uint8Array,
  p: number,
  s: Uint8Array,
  at: number,
  length: number,
): number {
  const end = at + length;
  const start = p;
  for (let i = at; i < end; i++) {
    const c = s[i] ?? 0;
    if (c === 0) return p;
    if (c < 32 || c > 126) return escapedText(b, start, s, at, end, false);
    b[p++] = c;
  }
  return p;
}

/** Writes text up to its first NUL byte as a JSON string, with quotes. */
export function jsonText(
  b: Uint8Array,
  p: number,
  s: Uint8Array,
  at: number,
  length: number,
): number {
  const end = at + length;
  const start = p;
  b[p++] = QUOTE;
  for (let i = at; i < end; i++) {
    const c = s[i] ?? 0;
    if (c === 0) break;
    if (c < 32 || c > 126 || c === QUOTE || c === BACKSLASH) {
      p = escapedText(b, start + 1, s, at, end, true);
      break;
    }
    b[p++] = c;
  }
  b[p++] = QUOTE;
  return p;
}

function escapedText(
  b: Uint8Array,
  p: number,
  s: Uint8Array,
  at: number,
  end: number,
  json: boolean,
): number {
  while (at < end) {
    const c = s[at] ?? 0;
    if (c === 0) return p;
    if (c < 0x80) {
      p = json ? jsonCharacter(b, p, c) : plainCharacter(b, p, c);
      at++;
      continue;
    }
    const length = sequenceLength(s, at, end);
    if (length === 0) {
      if (json) {
        b[p] = 0xef;
        b[p + 1] = 0xbf;
        b[p + 2] = 0xbd;
        p += 3;
      } else {
        b[p] = BACKSLASH;
        b[p + 1] = 120;
        p = hexByte(b, p + 2, c);
      }
      at++;
      continue;
    }
    const point = codePoint(s, at, length);
    if (UNSEEN.test(String.fromCodePoint(point))) {
      p = json ? jsonEscape(b, p, point) : plainEscape(b, p, point);
    } else {
      for (let i = 0; i < length; i++) b[p++] = s[at + i] ?? 0;
    }
    at += length;
  }
  return p;
}

function plainCharacter(b: Uint8Array, p: number, c: number): number {
  if (c >= 32 && c < 127) {
    b[p] = c;
    return p + 1;
  }
  b[p] = BACKSLASH;
  b[p + 1] = 120;
  return hexByte(b, p + 2, c);
}

const SHORT_ESCAPES = new Map([[10, 110], [13, 114], [9, 116], [8, 98], [12, 102]]);

function jsonCharacter(b: Uint8Array, p: number, c: number): number {
  const short = c === QUOTE || c === BACKSLASH ? c : SHORT_ESCAPES.get(c);
  if (short !== undefined) {
    b[p] = BACKSLASH;
    b[p + 1] = short;
    return p + 2;
  }
  if (c < 32 || c === 127) return unit(b, p, c);
  b[p] = c;
  return p + 1;
}

/** Writes `\u` and four digits. */
function unit(b: Uint8Array, p: number, code: number): number {
  b[p] = BACKSLASH;
  b[p + 1] = 117;
  return hexByte(b, hexByte(b, p + 2, code >>> 8), code & 255);
}

function jsonEscape(b: Uint8Array, p: number, point: number): number {
  if (point <= 0xffff) return unit(b, p, point);
  const rest = point - 0x1_0000;
  return unit(b, unit(b, p, 0xd800 + (rest >>> 10)), 0xdc00 + (rest & 0x3ff));
}

function plainEscape(b: Uint8Array, p: number, point: number): number {
  if (point <= 0xff) {
    b[p] = BACKSLASH;
    b[p + 1] = 120;
    return hexByte(b, p + 2, point);
  }
  if (point <= 0xffff) return unit(b, p, point);
  b[p] = BACKSLASH;
  b[p + 1] = 117;
  b[p + 2] = 123;
  p += 3;
  const digits = point.toString(16);
  for (let i = 0; i < digits.length; i++) b[p++] = digits.charCodeAt(i);
  b[p] = 125;
  return p + 1;
}

/** Returns the bytes of the valid UTF-8 sequence at a place (RFC 3629), 0 if there is not one. */
function sequenceLength(s: Uint8Array, at: number, end: number): number {
  const first = s[at] ?? 0;
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > end) return 0;
  for (let i = 1; i < length; i++) if (((s[at + i] ?? 0) & 0xc0) !== 0x80) return 0;
  const second = s[at + 1] ?? 0;
  if (first === 0xe0 && second < 0xa0) return 0;
  if (first === 0xed && second > 0x9f) return 0;
  if (first === 0xf0 && second < 0x90) return 0;
  if (first === 0xf4 && second > 0x8f) return 0;
  return length;
}

function codePoint(s: Uint8Array, at: number, length: number): number {
  let point = (s[at] ?? 0) & (0xff >> (length + 1));
  for (let i = 1; i < length; i++) point = point << 6 | (s[at + i] ?? 0) & 0x3f;
  return point;
}

/** Reports whether bytes are printable text, a NUL byte and zeros, as character arrays hold them. */
export function looksLikeText(s: Uint8Array, at: number, length: number): boolean {
  let i = 0;
  for (; i < length; i++) {
    const c = s[at + i] ?? 0;
    if (c === 0) break;
    if (c < 32 || c === 127) return false;
    if (c < 0x80) continue;
    const bytes = sequenceLength(s, at + i, at + length);
    if (bytes === 0) return false;
    i += bytes - 1;
  }
  for (; i < length; i++) if (s[at + i] !== 0) return false;
  return true;
}

/** Returns text in which everything unseen is escaped, as {@linkcode plainText} writes it. */
export function visibleText(text: string): string {
  const bytes = new TextEncoder().encode(text.replaceAll("\0", "\\x00"));
  const out = new Uint8Array(bytes.length * TEXT_EXPANSION);
  return new TextDecoder().decode(out.subarray(0, plainText(out, 0, bytes, 0, bytes.length)));
}

/** Returns bytes up to their first NUL as text in which everything unseen is escaped. */
export function safeText(bytes: Uint8Array): string {
  const out = new Uint8Array(bytes.length * TEXT_EXPANSION);
  return new TextDecoder().decode(out.subarray(0, plainText(out, 0, bytes, 0, bytes.length)));
}

/** Returns text as a JSON string in which everything unseen is escaped. */
export function jsonString(text: string): string {
  const plain = JSON.stringify(text);
  const inner = plain.slice(1, -1);
  return `"${
    inner.replace(
      /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
      (character) =>
        Array.from(
          { length: character.length },
          (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`,
        ).join(""),
    )
  }"`;
}

/** Writes a single character of a number. */
export function character(b: Uint8Array, p: number, code: number): number {
  return code >= 32 && code < 127 ? plainCharacter(b, p, code) : u32(b, p, code & 255);
}
