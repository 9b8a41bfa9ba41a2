/** Records of an interval, kept until it ends. */
import { OutputBuffer } from "./batch.ts";

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
