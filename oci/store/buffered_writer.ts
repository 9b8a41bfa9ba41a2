/** Gathers small pieces into large writes, and writes while the next pieces come. */
import { writeAll } from "./files.ts";

const BUFFER_BYTES = 2 ** 20;

/** Writes to the end of a file. Memory: two buffers of 1 MiB, however much goes through. */
export class BufferedWriter {
  readonly #file: Deno.FsFile;
  #buffer = new Uint8Array(BUFFER_BYTES);
  #spare = new Uint8Array(BUFFER_BYTES);
  #used = 0;
  #writing: Promise<void> = Promise.resolve();

  /**
   * Creates a writer to `file`, from its current offset. Nothing else may write to it meanwhile.
   */
  constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Takes the bytes; they may be used again when this returns. Throws what an earlier write threw. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let left = bytes; left.length > 0;) {
      const part = left.subarray(0, BUFFER_BYTES - this.#used);
      this.#buffer.set(part, this.#used);
      this.#used += part.length;
      left = left.subarray(part.length);
      if (this.#used === BUFFER_BYTES) await this.#start();
    }
  }

  /** Writes what is left, and waits for all of it. */
  async flush(): Promise<void> {
    await this.#start();
    await this.#writing;
  }

  /** Starts to write the buffer once the one before it is written. */
  async #start(): Promise<void> {
    await this.#writing;
    const full = this.#buffer.subarray(0, this.#used);
    [this.#buffer, this.#spare] = [this.#spare, this.#buffer];
    this.#used = 0;
    if (full.length === 0) return;
    this.#writing = writeAll(this.#file, full);
    // The next write awaits it; until then a failure would be an unhandled rejection.
    this.#writing.catch(() => {});
  }
}
