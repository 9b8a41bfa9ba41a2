/** Resumable download of a blob. */
import type { ByteStream } from "../content.ts";
import type { Descriptor } from "../descriptor.ts";
import { MismatchError, RegistryError } from "../errors.ts";
import type { Answer, AnswerReader } from "./answer.ts";
import type { ApiRequest, Connection } from "./connection.ts";
import { opening } from "./failure.ts";
import type { Patience } from "./retrying.ts";
import { protocolError } from "./status.ts";

/** Options of {@linkcode download}. */
export interface DownloadOptions {
  readonly connection: Connection;
  readonly request: ApiRequest;
  readonly descriptor: Descriptor;
  /** Bytes to skip at the start. */
  readonly offset: number;
}

/** Progress that resets the count of attempts. */
const PROGRESS_BYTES = 1024 ** 2;

/** Buffer size for readers without their own. */
const ALLOCATED_BYTES = 64 * 1024;

/**
 * Opens a blob. Failures before the first byte are thrown here.
 *
 * The stream has exactly the descriptor's size, less the offset. The caller verifies the digest.
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
      // The buffer of the original view was transferred to the connection.
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
  /** Bytes to skip, because the server does not support ranges. */
  #skip = 0;
  #sinceCut = 0;
  #isClosed = false;

  constructor(options: DownloadOptions) {
    this.#options = options;
    this.#size = options.descriptor.size;
    this.#position = options.offset;
    this.#patience = options.connection.patience(options.request.signal);
  }

  /** Requests the remaining bytes, with retries. */
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

  /** Checks `Content-Range` (RFC 9110, section 14.4) and returns the bytes to skip. */
  #checkRange(answer: Answer): number {
    const text = answer.headers.get("content-range") ?? "";
    const [, start, end, total] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(text) ?? [];
    const isRight = Number(start) === this.#position && Number(end) < this.#size &&
      (total === "*" || Number(total) === this.#size);
    if (isRight) return 0;
    throw protocolError(
      answer,
      `requested bytes from ${this.#position} of ${this.#size}, received ${JSON.stringify(text)}`,
    );
  }

  #checkLength(answer: Answer): number {
    const { length } = answer;
    if (length !== undefined && length !== this.#size && !answer.headers.has("content-encoding")) {
      throw this.#wrongSize(answer, `${length} bytes instead of ${this.#size}`);
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
        // The buffer was lost with the connection.
        target = new Uint8Array(new ArrayBuffer(wholeLength), byteOffset, byteLength);
      }
    }
  }

  /** Returns the number of new bytes, from the end; undefined for none. */
  #take(bytes: Uint8Array): number | undefined {
    const skipped = Math.min(this.#skip, bytes.length);
    const fresh = bytes.length - skipped;
    this.#skip -= skipped;
    if (this.#position + fresh > this.#size) {
      throw this.#wrongSize(this.#answer, `more than the ${this.#size} bytes of its descriptor`);
    }
    this.#position += fresh;
    this.#sinceCut += fresh;
    if (this.#sinceCut >= PROGRESS_BYTES) {
      this.#sinceCut = 0;
      this.#patience.reset();
    }
    return fresh === 0 ? undefined : fresh;
  }

  /** Returns the new bytes, moved to the start of the buffer. */
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
        hint: "check the network and try again; the transfer resumes",
        method: request.method,
        url: answer?.url ?? String(request.path),
      },
    );
  }

  #wrongSize(answer: Answer | undefined, reason: string): MismatchError {
    const start = answer === undefined ? "Cannot use a blob: " : opening(answer);
    return new MismatchError(start + reason, {
      code: "SIZE_MISMATCH",
      hint: "push the artifact again: the registry's content does not match its manifest",
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const reader = this.#reader;
    this.#reader = undefined;
    await reader?.cancel();
  }
}
