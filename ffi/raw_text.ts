/**
 * Text that may have been no UTF-8: file names, arguments and variables are bytes to the kernel. A byte
 * that is not part of UTF-8 is a lone surrogate from U+DC80 to U+DCFF, as in Python's surrogateescape, so
 * that the same bytes come out again.
 */
const ESCAPE = 0xdc00;

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Returns bytes as text. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return decodeParts(bytes);
  }
}

/** Most bytes that a character of UTF-8 has. */
const MAX_CHARACTER_BYTES = 4;

function decodeParts(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = characterAt(bytes, at);
    parts.push(
      size === 0
        ? String.fromCharCode(ESCAPE + (bytes[at] ?? 0))
        : strict.decode(bytes.subarray(at, at + size)),
    );
    at += Math.max(size, 1);
  }
  return parts.join("");
}

/** Bytes of the character that starts there; 0 when none does. */
function characterAt(bytes: Uint8Array, at: number): number {
  for (let size = 1; size <= MAX_CHARACTER_BYTES && at + size <= bytes.length; size++) {
    try {
      strict.decode(bytes.subarray(at, at + size));
      return size;
    } catch {
      continue;
    }
  }
  return 0;
}

/** Returns text as the bytes that it was. */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  if (text.isWellFormed()) return encoder.encode(text);
  const parts = [...text].map((character) => {
    const code = character.codePointAt(0) ?? 0;
    return code > ESCAPE + 0x7f && code <= ESCAPE + 0xff
      ? Uint8Array.of(code - ESCAPE)
      : encoder.encode(character);
  });
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
