/**
 * C strings, text, and out-pointers. Text comes from bytes that may not be UTF-8: file names, arguments
 * and variables. An invalid byte becomes a lone surrogate from U+DC80 to U+DCFF, as in Python's
 * surrogateescape, so encoding restores the same bytes.
 */
import { concat } from "./bytes.ts";
import { describeErrno } from "./errno.ts";
import { loadError } from "./errors.ts";

/** Encodes a NUL-terminated string for a `const char *` parameter. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return encodeText(`${text}\0`);
}

/** Decodes the string of a `const char *` result. */
export function fromCString(pointer: Deno.PointerValue): string {
  return pointer === null ? "" : Deno.UnsafePointerView.getCString(pointer);
}

/**
 * Calls a function whose last parameter is an out-pointer.
 *
 * @returns the pointer, or the negative errno
 */
export function outPointer(
  call: (out: Uint8Array<ArrayBuffer>) => number,
): Deno.PointerObject | number {
  const out = new BigUint64Array(1);
  const result = call(new Uint8Array(out.buffer));
  if (result < 0) return result;
  const pointer = Deno.UnsafePointer.create(out[0] ?? 0n);
  if (pointer === null) {
    throw loadError(`a call succeeded without a result: ${describeErrno(result)}`);
  }
  return pointer;
}

const ESCAPE = 0xdc00;

let decoder: TextDecoder | undefined;

/** Returns the decoder that throws at invalid bytes; its first use takes 0.2 ms. */
function strict(): TextDecoder {
  return decoder ??= new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
}

/** Decodes bytes to text. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return strict().decode(bytes);
  } catch {
    return decodeParts(bytes);
  }
}

/** Longest character of UTF-8. */
const MAX_CHARACTER_BYTES = 4;

function decodeParts(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = characterAt(bytes, at);
    parts.push(
      size === 0
        ? String.fromCharCode(ESCAPE + (bytes[at] ?? 0))
        : strict().decode(bytes.subarray(at, at + size)),
    );
    at += Math.max(size, 1);
  }
  return parts.join("");
}

/** Returns the length of the character at an offset; 0 for an invalid byte. */
function characterAt(bytes: Uint8Array, at: number): number {
  for (let size = 1; size <= MAX_CHARACTER_BYTES && at + size <= bytes.length; size++) {
    try {
      strict().decode(bytes.subarray(at, at + size));
      return size;
    } catch {
      continue;
    }
  }
  return 0;
}

/** Encodes text to its original bytes. */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  if (text.isWellFormed()) return encoder.encode(text);
  const parts = [...text].map((character) => {
    const code = character.codePointAt(0) ?? 0;
    return code > ESCAPE + 0x7f && code <= ESCAPE + 0xff
      ? Uint8Array.of(code - ESCAPE)
      : encoder.encode(character);
  });
  return concat(parts);
}
