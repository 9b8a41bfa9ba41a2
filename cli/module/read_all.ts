/** Reads a file, a pipe or standard input to its end. */

/** Limits on the input. */
export interface ReadAllOptions {
  /** File size from fstat(2); 0 if unknown. */
  readonly expected: number;
  readonly maxBytes: number;
  /** Returns the error for a larger input. */
  tooLarge(): Error;
  /** Reports whether the first bytes suffice to refuse the input. */
  isEnough?(start: Uint8Array): boolean;
}

const WASM_MAGIC = [0x00, 0x61, 0x73, 0x6d];

/** Reports whether bytes at the start of a file, 4 at least, are not those of a module. */
export function isNoModule(start: Uint8Array): boolean {
  return start.length >= WASM_MAGIC.length && WASM_MAGIC.some((byte, i) => start[i] !== byte);
}

const CHUNK_BYTES = 1 << 16;

/** Returns all bytes of `source`, without a copy if `expected` is exact. */
export function readAll(
  source: { readSync(bytes: Uint8Array): number | null },
  { expected, maxBytes, tooLarge, isEnough = () => false }: ReadAllOptions,
): Uint8Array<ArrayBuffer> {
  if (expected > maxBytes) throw tooLarge();
  // One extra byte detects the end without growing the buffer.
  let bytes = new Uint8Array(expected === 0 ? CHUNK_BYTES : expected + 1);
  let used = 0;
  for (;;) {
    const count = source.readSync(bytes.subarray(used));
    if (count === null) return bytes.subarray(0, used);
    used += count;
    if (used > maxBytes) throw tooLarge();
    if (isEnough(bytes.subarray(0, used))) return bytes.slice(0, used);
    if (used === bytes.length) {
      const larger = new Uint8Array(Math.min(Math.max(used * 2, CHUNK_BYTES), maxBytes + 1));
      larger.set(bytes);
      bytes = larger;
    }
  }
}
