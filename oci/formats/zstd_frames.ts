/** Where zstd's frames begin and end (RFC 8878, section 3). */
import { ArtifactError } from "../errors.ts";
import type { ByteReader } from "./byte_reader.ts";

const FRAME = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;

/** Sizes of the fields that the frame header descriptor chooses. */
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];

/** The frames that hold data, each as the stream of its bytes; read each to its end before the next. */
export async function* zstdFrames(
  reader: ByteReader,
  what: string,
): AsyncGenerator<AsyncGenerator<Uint8Array>> {
  for (;;) {
    const magic = await reader.exactly(4);
    if (magic === undefined) return;
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
  for (let isLast = false; !isLast;) {
    const header = await reader.must(3);
    const bits = littleEndian(header);
    isLast = (bits & 1) !== 0;
    // A block of one repeated byte has that byte alone, whatever size it stands for.
    const isRepeated = (bits >> 1 & 3) === 1;
    yield header;
    yield* reader.next(isRepeated ? 1 : bits >> 3);
  }
  const hasChecksum = (descriptor & 4) !== 0;
  if (hasChecksum) yield await reader.must(4);
}

function littleEndian(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte, index) => sum + byte * 2 ** (8 * index), 0);
}
