/** Where zstd's frames begin and end (RFC 8878, section 3). */
import { ArtifactError } from "../errors.ts";
import type { ByteReader } from "./byte_reader.ts";

const FRAME = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;

/** Sizes of the fields that the frame header descriptor chooses. */
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];

/** zstd:chunked makes one for each 64 KiB or file; each costs a decoder, a third of a millisecond. */
const MAX_FRAMES = 2 ** 15;

/**
 * Yields the frames that hold data, each as the stream of its bytes; read each to its end before the
 * next.
 *
 * @throws {ArtifactError} `BAD_LAYER`, `CUT_SHORT`, `TOO_LARGE` for more than 32,768 frames
 */
export async function* zstdFrames(
  reader: ByteReader,
  what: string,
): AsyncGenerator<AsyncGenerator<Uint8Array>> {
  for (let frames = 0;; frames++) {
    const magic = await reader.exactly(4);
    if (magic === undefined) return;
    if (frames === MAX_FRAMES) {
      throw new ArtifactError(`Cannot decompress ${what}: it has more than ${MAX_FRAMES} frames`, {
        code: "TOO_LARGE",
      });
    }
    const number = littleEndian(magic);
    if (number === FRAME) {
      yield frame(reader, magic);
    } else if ((number & ~0xf) >>> 0 === SKIPPABLE) {
      await reader.skip(littleEndian(await reader.must(4)));
    } else {
      throw new ArtifactError(`Cannot decompress ${what}: something else follows a zstd frame`, {
        code: "BAD_LAYER",
      });
    }
  }
}

async function* frame(reader: ByteReader, magic: Uint8Array): AsyncGenerator<Uint8Array> {
  const first = await reader.must(1);
  const descriptor = first[0] ?? 0;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const contentSize = CONTENT_SIZE_BYTES[descriptor >> 6] || (isSingleSegment ? 1 : 0);
  const more = (isSingleSegment ? 0 : 1) + (DICTIONARY_ID_BYTES[descriptor & 3] ?? 0) + contentSize;
  yield magic;
  yield first;
  yield await reader.must(more);
  const blocks = new BlockScanner();
  while (!blocks.isDone) {
    const piece = await reader.scan((bytes) => blocks.scan(bytes));
    if (piece === undefined) throw reader.cutShort();
    yield piece;
  }
  const hasChecksum = (descriptor & 4) !== 0;
  if (hasChecksum) yield await reader.must(4);
}

const BLOCK_HEADER_BYTES = 3;

/** Finds the end of a frame's blocks. Some frames have millions of them, so none costs a promise. */
class BlockScanner {
  /** Set after the last block. */
  isDone = false;
  #isLast = false;
  /** Bytes of a header seen so far, and their number. */
  #header = 0;
  #headerBytes = 0;
  /** Bytes of the block that are still to come. */
  #left = 0;

  /** Returns how many of `bytes` belong to the frame. */
  scan(bytes: Uint8Array): number {
    let at = 0;
    for (;;) {
      const inBlock = Math.min(this.#left, bytes.length - at);
      at += inBlock;
      this.#left -= inBlock;
      this.isDone = this.#isLast && this.#left === 0 && this.#headerBytes === 0;
      if (this.isDone || at === bytes.length) return at;
      this.#header += (bytes[at++] ?? 0) * 2 ** (8 * this.#headerBytes++);
      if (this.#headerBytes === BLOCK_HEADER_BYTES) this.#enter();
    }
  }

  #enter(): void {
    const bits = this.#header;
    this.#header = this.#headerBytes = 0;
    this.#isLast = (bits & 1) !== 0;
    // A block of one repeated byte holds only that byte, whatever its size.
    const isRepeated = (bits >> 1 & 3) === 1;
    this.#left = isRepeated ? 1 : bits >> 3;
  }
}

function littleEndian(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte, index) => sum + byte * 2 ** (8 * index), 0);
}
