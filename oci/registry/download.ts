/** A blob on its way in, taken up again where it was cut. */
import type { ByteStream } from "../content.ts";
import type { Descriptor } from "../descriptor.ts";
import { MismatchError, RegistryError } from "../errors.ts";
import type { Answer, AnswerReader } from "./answer.ts";
import type { ApiRequest, Connection } from "./connection.ts";
import { opening } from "./failure.ts";
import type { Patience } from "./retrying.ts";
import { protocolError } from "./status.ts";

/** What is fetched, and from where on. */
export interface DownloadOptions {
  readonly connection: Connection;
  readonly request: ApiRequest;
  readonly descriptor: Descriptor;
  /** Bytes that are there already. */
  readonly offset: number;
}

/** So much got through counts as a connection that works: a cut after it is a new one. */
const PROGRESS_BYTES = 1024 ** 2;

/** A buffer for readers that bring none. */
const ALLOCATED_BYTES = 64 * 1024;

/**
 * Opens a blob; what goes wrong before the first byte is thrown here.
 *
 * The stream has exactly the descriptor's size, less the offset. Its digest is the reader's to check.
 */
export async function download(options: DownloadOptions): Promise<ByteStream> {
  const source = new Download(options);
  await source.open();
  return new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: ALLOCATED_BYTES,
    async pull(controller) {
      const request = controller.byobRequest;
      const view = request?.view;
      if (!view) throw new TypeError("a stream with automatic allocation has a view to fill");
      const { buffer, byteOffset, byteLength } = view;
      const size = buffer.byteLength;
      const bytes = await source.read(
        new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength),
      );
      if (bytes !== undefined) return request.respondWithNewView(bytes);
      controller.close();
      // The view itself went into the connection.
      request.respondWithNewView(new Uint8Array(new ArrayBuffer(size), byteOffset, 0));
    },
    cancel: () => source.close(),
  });
}

class Download {
  readonly #options: DownloadOptions;
  readonly #size: number;
  readonly #patience: Patience;
  #reader: AnswerReader | undefined;
  #answer: Answer | undefined;
  #position: number;
  /** Bytes that come again, because the server knows no ranges. */
  #skip = 0;
  #sinceCut = 0;
  #isClosed = false;

  constructor(options: DownloadOptions) {
    this.#options = options;
    this.#size = options.descriptor.size;
    this.#position = options.offset;
    this.#patience = options.connection.patience(options.request.signal);
  }

  /** Asks for the rest, again and again while it may help. */
  async open(): Promise<void> {
    if (this.#size > 0 && this.#position === this.#size) return;
    for (;;) {
      try {
        return await this.#openOnce();
      } catch (error) {
        await this.#patience.wait(error);
      }
    }
  }

  async #openOnce(): Promise<void> {
    const { connection, request } = this.#options;
    const from = this.#position;
    const answer = await connection.request({
      ...request,
      once: true,
      headers: { ...request.headers, ...(from === 0 ? {} : { range: `bytes=${from}-` }) },
      expected: [200, 206],
    });
    try {
      this.#skip = answer.status === 206 ? this.#checkRange(answer) : this.#checkLength(answer);
    } catch (error) {
      await answer.discard();
      throw error;
    }
    if (this.#isClosed) return await answer.discard();
    this.#answer = answer;
    this.#reader = answer.reader();
  }

  /** RFC 9110, section 14.4. */
  #checkRange(answer: Answer): number {
    const text = answer.headers.get("content-range") ?? "";
    const [, start, end, total] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(text) ?? [];
    const isRight = Number(start) === this.#position && Number(end) < this.#size &&
      (total === "*" || Number(total) === this.#size);
    if (isRight) return 0;
    throw protocolError(
      answer,
      `asked for bytes from ${this.#position} of ${this.#size}, it sends ${JSON.stringify(text)}`,
    );
  }

  #checkLength(answer: Answer): number {
    const { length } = answer;
    if (length !== undefined && length !== this.#size && !answer.headers.has("content-encoding")) {
      throw this.#wrongSize(answer, `it has ${length} bytes instead of ${this.#size}`);
    }
    return this.#position;
  }

  /** Fills some of the buffer, or another one of the same size; undefined at the end. */
  async read(buffer: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { byteOffset, byteLength } = buffer;
    const wholeLength = buffer.buffer.byteLength;
    let target = buffer;
    for (;;) {
      if (this.#reader === undefined) return undefined;
      try {
        const bytes = await this.#reader.read(target);
        const fresh = bytes === undefined ? this.#end() : this.#take(bytes);
        if (fresh === "end") return undefined;
        if (fresh !== undefined && bytes !== undefined) {
          return this.#fitted(bytes, fresh, byteOffset);
        }
        target = new Uint8Array(bytes?.buffer ?? buffer.buffer, byteOffset, byteLength);
      } catch (error) {
        await this.#reader.cancel();
        await this.#patience.wait(error);
        if (this.#isClosed) return undefined;
        await this.open();
        // What was to be filled went down with the connection.
        target = new Uint8Array(new ArrayBuffer(wholeLength), byteOffset, byteLength);
      }
    }
  }

  /** How many of these bytes are new, from their end; undefined when none is. */
  #take(bytes: Uint8Array): number | undefined {
    const skipped = Math.min(this.#skip, bytes.length);
    const fresh = bytes.length - skipped;
    this.#skip -= skipped;
    if (this.#position + fresh > this.#size) {
      throw this.#wrongSize(this.#answer, `there are more bytes than the ${this.#size} promised`);
    }
    this.#position += fresh;
    this.#sinceCut += fresh;
    if (this.#sinceCut >= PROGRESS_BYTES) {
      this.#sinceCut = 0;
      this.#patience.reset();
    }
    return fresh === 0 ? undefined : fresh;
  }

  /** The new bytes at the start of the buffer, where the one who asked wants them. */
  #fitted(
    bytes: Uint8Array<ArrayBuffer>,
    fresh: number,
    byteOffset: number,
  ): Uint8Array<ArrayBuffer> {
    if (fresh < bytes.length) bytes.copyWithin(0, bytes.length - fresh);
    return new Uint8Array(bytes.buffer, byteOffset, fresh);
  }

  #end(): "end" {
    if (this.#position === this.#size) return "end";
    const { request } = this.#options;
    const answer = this.#answer;
    throw new RegistryError(
      (answer === undefined ? `Cannot ${request.what}: ` : opening(answer)) +
        `the connection ended at byte ${this.#position} of ${this.#size}`,
      {
        code: "CUT",
        hint: "check the network; what was transferred so far is used next time",
        method: request.method,
        url: answer?.url ?? String(request.path),
      },
    );
  }

  #wrongSize(answer: Answer | undefined, reason: string): MismatchError {
    const start = answer === undefined ? "Cannot use a blob: " : opening(answer);
    return new MismatchError(start + reason, {
      code: "SIZE_MISMATCH",
      hint: "the registry has other content than its manifest says: push it again",
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const reader = this.#reader;
    this.#reader = undefined;
    await reader?.cancel();
  }
}
