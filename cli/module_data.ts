/** What a module puts into its memory at the start (WebAssembly core specification, 5.5.14). */

const HEADER_BYTES = 8;
const DATA_SECTION = 11;
const I32_CONST = 0x41;
const PASSIVE = 1, WITH_MEMORY = 2;

/** Of a memory that is larger only the start is made. */
const MAX_IMAGE_BYTES = 256 * 2 ** 20;

/** Reads a valid module: what would not be valid is not looked for. */
class Reader {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  byte(): number {
    return this.#bytes[this.at++] ?? 0;
  }

  take(size: number): Uint8Array {
    this.at += size;
    return this.#bytes.subarray(this.at - size, this.at);
  }

  /** LEB128 of 32 bits; a signed one, as an offset into memory, comes out unsigned as well. */
  number(options: { signed?: boolean } = {}): number {
    let value = 0, shift = 0, byte = 0;
    do {
      byte = this.byte();
      value |= (byte & 0x7f) << shift;
      shift += 7;
    } while ((byte & 0x80) !== 0 && shift < 35);
    if (options.signed && shift < 32 && (byte & 0x40) !== 0) value |= -1 << shift;
    return value >>> 0;
  }
}

interface Segment {
  /** Where in memory; undefined when the module decides that as it runs. */
  readonly offset: number | undefined;
  readonly bytes: Uint8Array;
}

/**
 * A valid module's data as it stands in memory: linkers leave zeros out, and so cut what belongs
 * together into several segments. Segments without a fixed place come alone, behind it.
 */
export function initialData(module: Uint8Array): Uint8Array[] {
  const segments = dataSegments(module);
  const fixed = segments.filter(({ offset = MAX_IMAGE_BYTES, bytes }) =>
    offset + bytes.length <= MAX_IMAGE_BYTES
  );
  const end = Math.max(0, ...fixed.map(({ offset = 0, bytes }) => offset + bytes.length));
  const image = new Uint8Array(end);
  for (const { offset = 0, bytes } of fixed) image.set(bytes, offset);
  return [image, ...segments.filter((one) => !fixed.includes(one)).map(({ bytes }) => bytes)];
}

function dataSegments(module: Uint8Array): Segment[] {
  const reader = new Reader(module, HEADER_BYTES);
  while (!reader.isAtEnd) {
    const id = reader.byte();
    const size = reader.number();
    if (id !== DATA_SECTION) {
      reader.take(size);
      continue;
    }
    return Array.from({ length: reader.number() }, () => readSegment(reader));
  }
  return [];
}

function readSegment(reader: Reader): Segment {
  const flags = reader.number();
  if (flags === WITH_MEMORY) reader.number();
  const offset = flags === PASSIVE ? undefined : readOffset(reader);
  return { offset, bytes: reader.take(reader.number()) };
}

/** A constant expression: one instruction, and `end`. */
function readOffset(reader: Reader): number | undefined {
  const isConstant = reader.byte() === I32_CONST;
  const value = reader.number({ signed: isConstant });
  reader.byte();
  return isConstant ? value : undefined;
}
