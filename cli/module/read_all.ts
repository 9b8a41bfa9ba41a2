/** Reads a file, a pipe or standard input to its end. */

/** How much there may be. */
export interface ReadAllOptions {
  /** The size that a file says it has; 0 where nothing is known. */
  readonly expected: number;
  readonly maxBytes: number;
  /** The error for more than that. */
  tooLarge(): Error;
  /** Returns whether the bytes at the start are enough, since the rest will not be used. */
  isEnough?(start: Uint8Array): boolean;
}

const WASM_MAGIC = [0x00, 0x61, 0x73, 0x6d];

/** Reports whether bytes at the start of a file, 4 at least, are not those of a module. */
export function isNoModule(start: Uint8Array): boolean {
  return start.length >= WASM_MAGIC.length && WASM_MAGIC.some((byte, i) => start[i] !== byte);
}

const CHUNK_BYTES = 1 << 16;

/** All bytes of `source`, which are gathered without a copy where `expected` is right. */
export function readAll(
  source: { readSync(bytes: Uint8Array): number | null },
  { expected, maxBytes, tooLarge, isEnough = () => false }: ReadAllOptions,
): Uint8Array<ArrayBuffer> {
  if (expected > maxBytes) throw tooLarge();
  // One byte more than there should be, so that the end is seen without growing.
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
