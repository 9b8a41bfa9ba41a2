/** Batches of records: their framings, and records shorter than their schema. */
import { KeptPrefixes, KeptViews } from "../ffi/bytes.ts";
import type { Schema, Tail } from "./schema.ts";

/** Sizes of a schema's records. */
export type RecordSizes = Pick<Schema, "size" | "tail">;

/**
 * Layout of a batch: `framed` as `buffer_read` writes it, `{ u32 size; u32 cpu; payload }` padded to 8
 * bytes; `packed` are records of the schema's size, one after the other.
 */
export type Framing = "framed" | "packed";

/** Bytes before a framed record. */
export const HEADER_BYTES = 8;

/** Called for each record: `at` is its start in `s`, `size` the bytes that were sent, by `cpu`. */
export type RecordVisitor = (
  s: Uint8Array,
  v: DataView,
  at: number,
  size: number,
  cpu: number,
) => void;

/** Reader of batches of one schema. */
export class BatchReader {
  readonly #recordBytes: number;
  readonly #short: Uint8Array<ArrayBuffer>;
  readonly #shortView: DataView;
  readonly #views = new KeptViews();
  readonly #tail: Tail | undefined;
  #filled = 0;

  /** @param sizes those of a record; shorter ones are read as if zeros followed */
  constructor({ size, tail }: RecordSizes) {
    this.#recordBytes = size;
    this.#tail = tail;
    this.#short = new Uint8Array(size);
    this.#shortView = new DataView(this.#short.buffer);
  }

  /**
   * Calls a function for each whole record of a batch. The bytes are only valid during the call.
   *
   * @returns records visited
   */
  each(batch: Uint8Array, framing: Framing, visit: RecordVisitor): number {
    const view = this.#views.of(batch);
    return framing === "packed"
      ? this.#packed(batch, view, visit)
      : this.#framed(batch, view, visit);
  }

  #packed(batch: Uint8Array, view: DataView, visit: RecordVisitor): number {
    const bytes = this.#recordBytes;
    let count = 0;
    for (let at = 0; at + bytes <= batch.length; at += bytes) {
      visit(batch, view, at, bytes, 0);
      count++;
    }
    return count;
  }

  #framed(batch: Uint8Array, view: DataView, visit: RecordVisitor): number {
    const bytes = this.#recordBytes;
    let count = 0;
    for (let at = 0; at + HEADER_BYTES <= batch.length; count++) {
      const size = view.getUint32(at, true);
      const cpu = view.getUint32(at + 4, true);
      const start = at + HEADER_BYTES;
      if (size > batch.length - start) break;
      if (this.#tail !== undefined) {
        visit(this.#short, this.#shortView, 0, this.#withTail(batch, start, size, this.#tail), cpu);
      } else if (size >= bytes) visit(batch, view, start, size, cpu);
      else {
        this.#short.fill(0);
        this.#short.set(batch.subarray(start, start + size));
        visit(this.#short, this.#shortView, 0, size, cpu);
      }
      at = start + Math.ceil(size / 8) * 8;
    }
    return count;
  }

  /** Copies a record of any length, with the number of its tail's bytes; returns the bytes copied. */
  #withTail(batch: Uint8Array, start: number, size: number, tail: Tail): number {
    const kept = Math.min(size, tail.offset + tail.bytes);
    this.#short.set(batch.subarray(start, start + kept));
    if (kept < this.#filled) this.#short.fill(0, kept, this.#filled);
    this.#filled = kept;
    this.#shortView.setUint32(tail.counter, Math.max(0, kept - tail.offset), true);
    return kept;
  }
}

/** Returns the number of whole records in a batch. */
export function countRecords(batch: Uint8Array, framing: Framing, recordBytes: number): number {
  if (framing === "packed") return Math.floor(batch.length / recordBytes);
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  let count = 0;
  for (let at = 0; at + HEADER_BYTES <= batch.length; count++) {
    const size = view.getUint32(at, true);
    if (size > batch.length - at - HEADER_BYTES) break;
    at += HEADER_BYTES + Math.ceil(size / 8) * 8;
  }
  return count;
}

/**
 * Yields the place of each whole record of a batch, one at a time. A record that is shorter than its
 * schema is a copy with zeros after it; all are valid while the batch is.
 */
export function* recordPlaces(
  batch: Uint8Array,
  framing: Framing,
  { size: recordBytes, tail }: RecordSizes,
): Generator<{ view: DataView; at: number; size: number; cpu: number }, void> {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  if (framing === "packed") {
    for (let at = 0; at + recordBytes <= batch.length; at += recordBytes) {
      yield { view, at, size: recordBytes, cpu: 0 };
    }
    return;
  }
  for (let at = 0; at + HEADER_BYTES <= batch.length;) {
    const size = view.getUint32(at, true);
    const cpu = view.getUint32(at + 4, true);
    const start = at + HEADER_BYTES;
    if (size > batch.length - start) return;
    if (size >= recordBytes && tail === undefined) yield { view, at: start, size, cpu };
    else {
      const kept = Math.min(size, tail === undefined ? size : tail.offset + tail.bytes);
      const whole = new Uint8Array(recordBytes);
      whole.set(batch.subarray(start, start + kept));
      const copy = new DataView(whole.buffer);
      if (tail !== undefined) copy.setUint32(tail.counter, Math.max(0, kept - tail.offset), true);
      yield { view: copy, at: 0, size: kept, cpu };
    }
    at = start + Math.ceil(size / 8) * 8;
  }
}

/** Growable text of one batch. */
export class OutputBuffer {
  /** Bytes written so far, up to {@linkcode at}. */
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(64 << 10);
  /** Position after what was written. */
  at = 0;
  #prefixes = new KeptPrefixes();

  /** Makes room for more bytes. */
  reserve(bytes: number): void {
    if (this.at + bytes <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.at + bytes));
    grown.set(this.bytes.subarray(0, this.at));
    this.bytes = grown;
  }

  /** Adds bytes. */
  add(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** Hands everything over in one call, and starts anew. */
  flush(write: (bytes: Uint8Array) => void): void {
    if (this.at === 0) return;
    const { at } = this;
    this.at = 0;
    write(this.#prefixes.of(this.bytes, at));
    // A single huge batch does not keep its memory.
    if (this.bytes.length <= 16 << 20) return;
    this.bytes = new Uint8Array(64 << 10);
    this.#prefixes = new KeptPrefixes();
  }
}

/** Bytes that are kept: more are shown before the interval ends. */
const MAX_BYTES = 64 << 20;

/** Packed rows. */
export class Collector {
  readonly #buffer = new OutputBuffer();
  readonly #stride: number;

  /** @param stride bytes of a row */
  constructor(stride: number) {
    this.#stride = stride;
  }

  /** Adds a record; returns true if the rows are to be taken now. */
  add(s: Uint8Array, at: number): boolean {
    this.#buffer.add(s.subarray(at, at + this.#stride));
    return this.#buffer.at >= MAX_BYTES;
  }

  /** Returns the rows and starts anew. */
  take(): Uint8Array {
    let rows: Uint8Array = new Uint8Array();
    this.#buffer.flush((bytes) => rows = bytes.slice());
    return rows;
  }
}
