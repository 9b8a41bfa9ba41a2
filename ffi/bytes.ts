/** Gathers bytes: of sources that are read to their end, and of parts; and keeps views of them. */

/** Source that blocks, such as a file of Deno. */
export interface BlockingSource {
  /** Reads some bytes into `bytes`; returns their number, null or 0 at the end. */
  readSync(bytes: Uint8Array<ArrayBuffer>): number | null;
}

/** Limits of {@linkcode readAll}. */
export interface ReadAllOptions {
  /** Number of bytes, such as the size of a file from fstat(2); 0 if unknown. */
  readonly expected: number;
  readonly maxBytes: number;
  /** Returns the error for a larger source. */
  tooLarge(): Error;
  /** Returns true if the first bytes suffice to refuse the source; may throw. */
  isEnough?(start: Uint8Array): boolean;
}

const CHUNK_BYTES = 1 << 16;
/** Sources that are expected to be larger are looked at before they are read whole. */
const LARGE_BYTES = 1 << 24;

/**
 * Returns all bytes of a source, without a copy if `expected` is exact. The limit also bounds a source
 * that grows while it is read.
 */
export function readAll(
  source: BlockingSource,
  { expected, maxBytes, tooLarge, isEnough = () => false }: ReadAllOptions,
): Uint8Array<ArrayBuffer> {
  if (expected > maxBytes) throw tooLarge();
  // One extra byte detects the end without growing the buffer.
  let bytes = new Uint8Array(expected === 0 ? CHUNK_BYTES : expected + 1);
  let used = 0;
  for (;;) {
    const isFirst = used === 0 && expected > LARGE_BYTES;
    const count = source.readSync(bytes.subarray(used, isFirst ? CHUNK_BYTES : undefined));
    if (count === null || count === 0) return bytes.subarray(0, used);
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

/** Returns the bytes of all parts in one array. */
export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Lengths whose arrays and views are kept: as many as {@linkcode placeOf} returns places. */
const KEPT = 16;
/** Longest array that is kept: of a few events. A batch of many costs more than a view of it. */
const KEPT_BYTES = 4096;

/** Returns the place of a length, spread for multiples of any size: the top of a product (Knuth). */
function placeOf(length: number): number {
  return Math.imul(length, 0x9e3779b1) >>> 28;
}

/**
 * First bytes of an array, as arrays that are kept by their length. What carries one event at a time
 * makes no array for it: that is several microseconds while V8's code for it is not in the processor's
 * caches, as with events a millisecond apart.
 */
export class KeptPrefixes {
  readonly #kept: (Uint8Array<ArrayBuffer> | undefined)[] = new Array(KEPT).fill(undefined);
  #bytes: Uint8Array<ArrayBuffer> | undefined;

  /** Returns the first `length` bytes of `bytes`, in the same buffer. */
  of(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
    if (length > KEPT_BYTES) return bytes.subarray(0, length);
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#kept.fill(undefined);
    }
    const place = placeOf(length);
    const kept = this.#kept[place];
    if (kept !== undefined && kept.length === length) return kept;
    return this.#kept[place] = bytes.subarray(0, length);
  }
}

/** Views of arrays that come again, such as those of {@linkcode KeptPrefixes}. */
export class KeptViews {
  readonly #arrays: (Uint8Array | undefined)[] = new Array(KEPT).fill(undefined);
  readonly #views: (DataView | undefined)[] = new Array(KEPT).fill(undefined);

  /** Returns a view of an array, whole. */
  of(bytes: Uint8Array): DataView {
    if (bytes.length > KEPT_BYTES) return viewOf(bytes);
    const place = placeOf(bytes.length);
    const kept = this.#views[place];
    if (kept !== undefined && bytes === this.#arrays[place]) return kept;
    const view = viewOf(bytes);
    this.#arrays[place] = bytes;
    this.#views[place] = view;
    return view;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
