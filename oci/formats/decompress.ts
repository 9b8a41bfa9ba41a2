/** Takes compression off a layer, whatever its media type claims. */
import { Readable } from "node:stream";
import type { Duplex } from "node:stream";
import { constants, createGunzip, createZstdDecompress } from "node:zlib";
import { ArtifactError } from "../errors.ts";
import { ByteReader } from "./byte_reader.ts";
import { zstdFrames } from "./zstd_frames.ts";

/** A decoder window above 128 MiB only serves to exhaust memory. */
const MAX_WINDOW_LOG = 27;

/**
 * Decompresses a layer. gzip (with several members) and zstd (with several and skippable frames)
 * are recognized by their magic numbers; other bytes pass unchanged.
 *
 * @param options.limit most bytes of output; a larger stream is a decompression bomb
 * @throws {ArtifactError} `TOO_LARGE`, `CUT_SHORT`, `BAD_LAYER`
 */
export async function* decompressed(
  stream: AsyncIterable<Uint8Array>,
  options: { what: string; limit: number },
): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const chunk of decoded(stream, options.what)) {
    total += chunk.length;
    if (total > options.limit) {
      throw new ArtifactError(
        `Cannot read ${options.what}: more than ${options.limit} bytes come out of it`,
        { code: "TOO_LARGE", hint: "a module has at most 1 GiB" },
      );
    }
    yield chunk;
  }
}

async function* decoded(
  stream: AsyncIterable<Uint8Array>,
  what: string,
): AsyncGenerator<Uint8Array> {
  await using reader = new ByteReader(stream, what);
  const start = await reader.peek(4);
  if (start[0] === 0x1f && start[1] === 0x8b) {
    return yield* through(createGunzip(), reader.rest(), what);
  }
  if (!isZstd(start)) return yield* reader.rest();
  // Deno's decoder takes no more than one frame, and does not mind when that is not whole.
  for await (const frame of zstdFrames(reader, what)) {
    const params = { [constants.ZSTD_d_windowLogMax]: MAX_WINDOW_LOG };
    yield* through(createZstdDecompress({ params }), frame, what);
  }
}

function isZstd([a = 0, b, c, d]: Uint8Array): boolean {
  const isFrame = a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd;
  return isFrame || ((a & 0xf0) === 0x50 && b === 0x2a && c === 0x4d && d === 0x18);
}

async function* through(
  decoder: Duplex,
  input: AsyncIterable<Uint8Array>,
  what: string,
): AsyncGenerator<Uint8Array> {
  const source = Readable.from(input, { objectMode: true, highWaterMark: 1 });
  // Errors of the input are not the decoder's fault, and are rethrown unchanged.
  let failure: { error: Error } | undefined;
  source.on("error", (error) => {
    failure = { error };
    decoder.destroy(error);
  });
  source.pipe(decoder);
  try {
    for await (const chunk of decoder) {
      yield new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    }
  } catch (cause) {
    if (failure !== undefined) throw failure.error;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ArtifactError(`Cannot decompress ${what}: ${reason}`, { code: "BAD_LAYER", cause });
  } finally {
    source.destroy();
    decoder.destroy();
  }
}
