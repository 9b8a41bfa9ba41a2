/** Files as streams. */
import type { ByteStream, Source, StreamOptions } from "../content.ts";
import { fileError } from "./errors.ts";

const READ_BYTES = 2 ** 18;

/**
 * Streams an open file from `offset` on, in large pieces. Closes it at the end, or when the reader
 * cancels.
 */
export async function streamOf(file: Deno.FsFile, options: StreamOptions): Promise<ByteStream> {
  await file.seek(options.offset ?? 0, Deno.SeekMode.Start);
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      try {
        options.signal?.throwIfAborted();
        const view = controller.byobRequest?.view;
        const buffer = view instanceof Uint8Array ? view : new Uint8Array(READ_BYTES);
        const count = await file.read(buffer);
        if (count === null) {
          file.close();
          controller.close();
          controller.byobRequest?.respond(0);
        } else if (view instanceof Uint8Array) controller.byobRequest?.respond(count);
        else controller.enqueue(buffer.subarray(0, count));
      } catch (cause) {
        file.close();
        throw options.signal?.aborted ? options.signal.reason : fileError("read a file", cause);
      }
    },
    cancel() {
      file.close();
    },
  }, { highWaterMark: 0 }) as ByteStream;
}

/** Returns a source that opens the file for each read. */
export function fileSource(path: string): Source {
  return async (options = {}) => {
    try {
      return await streamOf(await Deno.open(path), options);
    } catch (cause) {
      throw fileError(`read ${path}`, cause);
    }
  };
}

/**
 * A source of what is in a file that is open, and stays so. Each stream has a position of its own.
 */
export function openFileSource(file: Deno.FsFile): Source {
  return ({ offset = 0, signal } = {}) => {
    let at = offset;
    const stream = new ReadableStream({
      type: "bytes",
      pull(controller) {
        signal?.throwIfAborted();
        const view = controller.byobRequest?.view;
        const buffer = view instanceof Uint8Array ? view : new Uint8Array(READ_BYTES);
        const count = readAt(file, buffer, at);
        at += count;
        if (count === 0) {
          controller.close();
          controller.byobRequest?.respond(0);
        } else if (view instanceof Uint8Array) controller.byobRequest?.respond(count);
        else controller.enqueue(buffer.subarray(0, count));
      },
    }, { highWaterMark: 0 });
    return Promise.resolve(stream as ByteStream);
  };
}

/** In one go: no other stream may move the file's position in between. */
function readAt(file: Deno.FsFile, buffer: Uint8Array, position: number): number {
  try {
    file.seekSync(position, Deno.SeekMode.Start);
    return file.readSync(buffer) ?? 0;
  } catch (cause) {
    throw fileError("read a file", cause);
  }
}
