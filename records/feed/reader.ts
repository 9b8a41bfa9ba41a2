/** Reader of a feed: cuts a stream of bytes into messages. */
import { RecordsError } from "../errors.ts";
import { FEED_HEADER_BYTES, FeedKind, MAX_FEED_BYTES, ROWS_HEADER_BYTES } from "./messages.ts";

/** One message; the payload is valid until the next call of {@linkcode FeedReader.push}. */
export interface FeedMessage {
  /** Value of {@linkcode FeedKind}. */
  readonly kind: number;
  /** Values of {@linkcode RowsFlag}, added. */
  readonly flags: number;
  /** Bytes after the header. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** Payload of a message with rows. */
export interface FeedRows {
  /** Number of the source. */
  readonly source: number;
  /** Records in this message. */
  readonly count: number;
  /** Records of the source so far, these included; more than were received if some were dropped. */
  readonly total: number;
  /** Packed records. */
  readonly rows: Uint8Array<ArrayBuffer>;
}

/** Cuts chunks into messages. */
export class FeedReader {
  #bytes = new Uint8Array(256 << 10);
  #used = 0;

  /**
   * Adds a chunk and returns the messages that are whole.
   *
   * @throws {RecordsError} `BAD_RECORDS` for a message that is too long or too short
   */
  *push(chunk: Uint8Array): Generator<FeedMessage> {
    this.#add(chunk);
    const view = new DataView(this.#bytes.buffer);
    let at = 0;
    while (this.#used - at >= FEED_HEADER_BYTES) {
      const size = view.getUint32(at, true);
      if (size < 4 || size > MAX_FEED_BYTES) throw damaged(`a message of ${size} bytes`);
      if (this.#used - at < size + 4) break;
      const payload = this.#bytes.subarray(at + FEED_HEADER_BYTES, at + 4 + size);
      yield { kind: this.#bytes[at + 4] ?? 0, flags: this.#bytes[at + 5] ?? 0, payload };
      at += size + 4;
    }
    this.#bytes.copyWithin(0, at, this.#used);
    this.#used -= at;
  }

  #add(chunk: Uint8Array): void {
    const needed = this.#used + chunk.length;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#used));
      this.#bytes = grown;
    }
    this.#bytes.set(chunk, this.#used);
    this.#used = needed;
  }
}

/**
 * Returns the parts of a payload of {@linkcode FeedKind.Rows}.
 *
 * @throws {RecordsError} `BAD_RECORDS`
 */
export function feedRows({ kind, payload }: FeedMessage): FeedRows {
  const header = ROWS_HEADER_BYTES - FEED_HEADER_BYTES;
  if (kind !== FeedKind.Rows || payload.length < header) throw damaged("rows without a header");
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  return {
    source: view.getUint32(0, true),
    count: view.getUint32(4, true),
    total: view.getFloat64(8, true),
    rows: payload.subarray(header),
  };
}

function damaged(what: string): RecordsError {
  return new RecordsError(`Cannot read the feed of records: ${what}`, { code: "BAD_RECORDS" });
}
