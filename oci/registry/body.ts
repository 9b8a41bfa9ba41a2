/** Streaming request bodies of known length. */
import { type ByteReader, byteReader, type ByteStream } from "../content.ts";

/**
 * `fetch` queues chunks by their number, not their size: uploading a gigabyte takes some 40 MB more memory
 * than a megabyte with these, and twice that with chunks of 256 KiB.
 */
const CHUNK_BYTES = 64 * 1024;

/** Upload: opened again for each attempt. */
export interface StreamBody {
  readonly size: number;
  open(): Promise<ByteStream>;
  /** Called with the bytes sent so far, from the start of the body. */
  onProgress?: ((bytes: number) => void) | undefined;
}

/**
 * Streaming body of known length for `fetch`.
 *
 * For a plain stream `fetch` uses chunked encoding, which many registries refuse (411). For a Blob it
 * uses the size and stream of the Blob.
 */
export class SizedBody extends Blob {
  readonly #stream: ByteStream;
  readonly #size: number;

  constructor(stream: ByteStream, size: number) {
    super();
    this.#stream = stream;
    this.#size = size;
  }

  override get size(): number {
    return this.#size;
  }

  override stream(): ByteStream {
    return this.#stream;
  }
}

/** Events of an {@linkcode Upload}. */
export interface UploadEvents {
  /** The source is being read: the idle timer pauses. */
  onRead(): void;
  /** Bytes were passed to the connection: the idle timer runs. */
  onSent(bytes: number): void;
  /** All bytes were passed to the connection. */
  onEnd(): void;
}

/** Stream of a source for `fetch` that records failures of the source, which `fetch` does not pass on. */
export class Upload {
  readonly stream: ByteStream;
  readonly #size: number;
  readonly #events: UploadEvents;
  #reader: ByteReader | undefined;
  #sent = 0;
  #isClosed = false;
  #failure: { error: unknown } | undefined;

  constructor(body: StreamBody, events: UploadEvents) {
    this.#size = body.size;
    this.#events = events;
    this.stream = new ReadableStream({
      pull: async (controller) => {
        try {
          events.onRead();
          this.#reader ??= byteReader(await body.open(), CHUNK_BYTES);
          if (this.#isClosed) await this.close();
          else await this.#next(controller, this.#reader);
        } catch (error) {
          // The connection failed first, which fetch reports.
          if (this.#isClosed) return;
          this.#failure = { error };
          controller.error(error);
        }
      },
      cancel: () => this.close(),
    }, { highWaterMark: 0 });
  }

  async #next(
    controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>,
    reader: ByteReader,
  ): Promise<void> {
    const chunk = await reader.read();
    if (chunk === undefined || chunk.length === 0) {
      controller.close();
      return this.#events.onEnd();
    }
    const left = this.#size - this.#sent;
    const part = chunk.length > left ? chunk.subarray(0, left) : chunk;
    this.#sent += part.length;
    // A copy: the reader reuses its buffer while fetch still holds the chunk.
    controller.enqueue(part.slice());
    this.#events.onSent(this.#sent);
    if (this.#sent === this.#size) {
      controller.close();
      this.#events.onEnd();
    }
  }

  /** Failure of the source, if that ended the upload. */
  get failure(): { error: unknown } | undefined {
    return this.#failure;
  }

  /** Closes the source. */
  async close(): Promise<void> {
    // The source may still be opening.
    this.#isClosed = true;
    const reader = this.#reader;
    this.#reader = undefined;
    await reader?.cancel().catch(() => {});
  }
}
