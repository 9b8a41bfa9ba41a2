/** Reading of streams in pieces of a requested size. */
import { ArtifactError } from "../errors.ts";

/** The largest piece that is gathered in memory. */
const MAX_PIECE = 2 ** 20;

/** Reader whose errors name the source when the bytes end early. */
export class ByteReader implements AsyncDisposable {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #what: string;
  #rest: Uint8Array = new Uint8Array(0);

  /** Reads `stream`; errors name it as `what`. */
  constructor(stream: AsyncIterable<Uint8Array>, what: string) {
    this.#chunks = stream[Symbol.asyncIterator]();
    this.#what = what;
  }

  /** Between 1 and `limit` bytes, valid until the next call; nothing at the end. */
  async some(limit: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#chunks.next();
      if (done) return undefined;
      this.#rest = value;
    }
    const piece = this.#rest.subarray(0, limit);
    this.#rest = this.#rest.subarray(piece.length);
    return piece;
  }

  /**
   * Returns as many of the bytes that are there as `scan` takes of them; undefined at the end.
   *
   * @param scan number of bytes at the start that belong to the caller
   */
  async scan(scan: (bytes: Uint8Array) => number): Promise<Uint8Array | undefined> {
    const all = await this.some(MAX_PIECE);
    if (all === undefined) return undefined;
    const taken = scan(all);
    // Both are views of one chunk, one after the other.
    const left = all.length - taken + this.#rest.length;
    this.#rest = new Uint8Array(all.buffer, all.byteOffset + taken, left);
    return all.subarray(0, taken);
  }

  /**
   * Exactly `count` bytes in an array of their own; nothing at the end, if that is right there.
   *
   * @throws {ArtifactError} `CUT_SHORT` when it ends in the middle
   */
  async exactly(count: number): Promise<Uint8Array | undefined> {
    if (count > MAX_PIECE) throw new RangeError(`${count} bytes are too many for one piece`);
    const piece = new Uint8Array(count);
    for (let used = 0; used < count;) {
      const part = await this.some(count - used);
      if (part === undefined && used === 0) return undefined;
      if (part === undefined) throw this.cutShort();
      piece.set(part, used);
      used += part.length;
    }
    return piece;
  }

  /** Reads as `exactly()`, but throws at the end of the stream. */
  async must(count: number): Promise<Uint8Array> {
    const piece = await this.exactly(count);
    if (piece === undefined) throw this.cutShort();
    return piece;
  }

  /** The next `count` bytes, piece by piece. */
  async *next(count: number): AsyncGenerator<Uint8Array> {
    for (let left = count; left > 0;) {
      const part = await this.some(left);
      if (part === undefined) throw this.cutShort();
      left -= part.length;
      yield part;
    }
  }

  /** Leaves the next `count` bytes out. */
  async skip(count: number): Promise<void> {
    for await (const _ of this.next(count));
  }

  /** All that is left. */
  async *rest(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const part = await this.some(MAX_PIECE);
      if (part === undefined) return;
      yield part;
    }
  }

  /** Returns the next `count` bytes, or fewer at the end, and leaves them to be read. */
  async peek(count: number): Promise<Uint8Array> {
    let start = new Uint8Array(0);
    while (start.length < count) {
      const part = await this.some(count - start.length);
      if (part === undefined) break;
      start = Uint8Array.of(...start, ...part);
    }
    this.unread(start);
    return start;
  }

  /** Puts bytes back in front of what comes next. */
  unread(bytes: Uint8Array): void {
    const joined = new Uint8Array(bytes.length + this.#rest.length);
    joined.set(bytes);
    joined.set(this.#rest, bytes.length);
    this.#rest = joined;
  }

  /** The error of an end in the middle. */
  cutShort(): ArtifactError {
    return new ArtifactError(`Cannot read ${this.#what}: it ends in the middle`, {
      code: "CUT_SHORT",
    });
  }

  /** Gives the stream up. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#chunks.return?.();
  }
}
