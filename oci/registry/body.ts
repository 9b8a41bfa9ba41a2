/** Bodies of requests that stream, with a length that is known. */
import { type ByteReader, byteReader, type ByteStream } from "../content.ts";

/**
 * `fetch` queues chunks by their number, not their size: uploading a gigabyte takes some 40 MB more memory
 * than a megabyte with these, and twice that with chunks of 256 KiB.
 */
const CHUNK_BYTES = 64 * 1024;

/** What is uploaded: opened anew for each attempt. */
export interface StreamBody {
  readonly size: number;
  open(): Promise<ByteStream>;
  /** Bytes that are on their way, counted from the body's start. */
  onProgress?: ((bytes: number) => void) | undefined;
}

/**
 * A body of known length for `fetch`.
 *
 * With a plain stream `fetch` knows no length and sends chunks without one, which many registries refuse
 * (411); the length of a Blob is taken from it, and so is its stream.
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

/** What an {@linkcode Upload} tells about its way. */
export interface UploadEvents {
  /** The connection waits for us: its clock stands still. */
  onRead(): void;
  /** We wait for the connection to take more. */
  onSent(bytes: number): void;
  /** All of it is on its way. */
  onEnd(): void;
}

/** Reads a source for `fetch`, and remembers how that failed: `fetch` itself only says that it did. */
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
          // Nobody listens any more: the connection went first, which fetch tells.
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
    // The reader's buffer goes round; what fetch has not sent yet must stay.
    controller.enqueue(part.slice());
    this.#events.onSent(this.#sent);
    if (this.#sent === this.#size) {
      controller.close();
      this.#events.onEnd();
    }
  }

  /** The source's own failure, if that is what ended the upload. */
  get failure(): { error: unknown } | undefined {
    return this.#failure;
  }

  /** Lets go of the source. */
  async close(): Promise<void> {
    // The source may only just be being opened.
    this.#isClosed = true;
    const reader = this.#reader;
    this.#reader = undefined;
    await reader?.cancel().catch(() => {});
  }
}
