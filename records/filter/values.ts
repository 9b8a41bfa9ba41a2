/** Helpers of compiled filters: tests of text in place. */

/** Returns the length of text up to its first NUL byte. */
export function textLength(s: Uint8Array, at: number, most: number): number {
  for (let i = 0; i < most; i++) if (s[at + i] === 0) return i;
  return most;
}

/** Reports whether text starts with bytes. */
export function startsWith(s: Uint8Array, at: number, most: number, bytes: Uint8Array): boolean {
  if (bytes.length > most) return false;
  for (let i = 0; i < bytes.length; i++) if (s[at + i] !== bytes[i]) return false;
  return true;
}

/** Reports whether text is exactly `bytes`, which contain no NUL byte. */
export function equals(s: Uint8Array, at: number, most: number, bytes: Uint8Array): boolean {
  if (!startsWith(s, at, most, bytes)) return false;
  return bytes.length === most || s[at + bytes.length] === 0;
}

/** Reports whether text ends with bytes. */
export function endsWith(s: Uint8Array, at: number, most: number, bytes: Uint8Array): boolean {
  const start = textLength(s, at, most) - bytes.length;
  return start >= 0 && startsWith(s, at + start, bytes.length, bytes);
}

/** Reports whether text contains bytes. */
export function contains(s: Uint8Array, at: number, most: number, bytes: Uint8Array): boolean {
  const last = textLength(s, at, most) - bytes.length;
  for (let i = 0; i <= last; i++) {
    if (startsWith(s, at + i, bytes.length, bytes)) return true;
  }
  return false;
}

/** Orders text by its bytes, as UTF-8 is ordered by code points: below, equal to or above 0. */
export function compareText(
  s: Uint8Array,
  at: number,
  most: number,
  bytes: Uint8Array,
): number {
  const length = textLength(s, at, most);
  for (let i = 0; i < length && i < bytes.length; i++) {
    const difference = (s[at + i] ?? 0) - (bytes[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return length - bytes.length;
}

/** Returns the number of characters of text: bytes that continue one are left out. */
export function characters(s: Uint8Array, at: number, most: number): number {
  let count = 0;
  for (let i = 0; i < most; i++) {
    const byte = s[at + i] ?? 0;
    if (byte === 0) break;
    if ((byte & 0xc0) !== 0x80) count++;
  }
  return count;
}

/** Helpers by the names that compiled filters use. */
export const VALUE_HELPERS = {
  startsWith,
  equals,
  endsWith,
  contains,
  compareText,
  characters,
};
