/** Response of a server, read with timeouts and a minimum rate. */
import { Collector } from "../collector.ts";
import type { ByteStream } from "../content.ts";
import { RegistryError } from "../errors.ts";
import { failureOf, opening, tooSlow } from "./failure.ts";
import type { Timing } from "./retry.ts";
import type { Watchdog } from "./watchdog.ts";

const READ_BYTES = 64 * 1024;

/** Parts of an {@linkcode Answer}. */
export interface AnswerParts {
  readonly what: string;
  readonly method: string;
  readonly url: URL;
  readonly response: Response;
  readonly watchdog: Watchdog;
  readonly idleMs: number;
  readonly timing: Timing;
}

/** Response whose body is still to be read. Read it to its end or discard it. */
export class Answer {
  /** Purpose of the request, for errors. */
  readonly what: string;
  readonly method: string;
  /** Address after redirects. */
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  readonly #body: ByteStream | null;
  readonly #watchdog: Watchdog;
  readonly #idleMs: number;
  readonly #timing: Timing;

  constructor({ what, method, url, response, watchdog, idleMs, timing }: AnswerParts) {
    this.what = what;
    this.method = method;
    this.url = url;
    this.status = response.status;
    this.headers = response.headers;
    this.#body = response.body;
    this.#watchdog = watchdog;
    this.#idleMs = idleMs;
    this.#timing = timing;
    if (this.#body === null) watchdog[Symbol.dispose]();
  }

  /** Content length, if the server sent one. */
  get length(): number | undefined {
    const text = this.headers.get("content-length") ?? "";
    return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
  }

  /** Returns a reader of the body. */
  reader(): AnswerReader {
    const reader = this.#body?.getReader({ mode: "byob" });
    const watchdog = this.#watchdog;
    const rate = new Rate(this.#timing);
    return {
      read: async (buffer) => {
        if (reader === undefined) return undefined;
        watchdog.watch(this.#idleMs);
        const start = performance.now();
        try {
          const { value, done } = await watchdog.guard(reader.read(buffer));
          if (done) watchdog[Symbol.dispose]();
          if (done) return undefined;
          if (!rate.add(value.length, performance.now() - start)) throw this.#belowRate();
          return value;
        } catch (error) {
          watchdog.abort();
          await reader.cancel().catch(() => {});
          throw failureOf(error, this);
        } finally {
          watchdog.rest();
        }
      },
      cancel: async () => {
        watchdog.abort();
        await reader?.cancel().catch(() => {});
      },
    };
  }

  /**
   * Reads the whole body, at most `limit` bytes.
   *
   * @throws {RegistryError} `TOO_LARGE`, `TIMEOUT`, `TOO_SLOW`, and for connection failures
   */
  async bytes(limit: number): Promise<Uint8Array<ArrayBuffer>> {
    const { bytes, end } = await this.#collect(limit);
    if (end === "whole") return bytes;
    const { method, url } = this;
    if (end === "late") {
      throw tooSlow(this, `received ${bytes.length} bytes in ${this.#timing.requestMs / 1000} s`);
    }
    throw new RegistryError(
      `${opening(this)}the response is larger than ${limit} bytes`,
      { code: "TOO_LARGE", method, url, status: this.status },
    );
  }

  /** Reads up to `limit` bytes of the body, for a message. */
  async excerpt(limit: number): Promise<Uint8Array<ArrayBuffer>> {
    try {
      return (await this.#collect(limit)).bytes;
    } catch {
      return new Uint8Array();
    }
  }

  /** Discards the body. */
  async discard(): Promise<void> {
    this.#watchdog.abort();
    await this.#body?.cancel().catch(() => {});
  }

  #belowRate(): RegistryError {
    const { leastBytesPerSecond, rateWindowMs } = this.#timing;
    const seconds = rateWindowMs / 1000;
    return tooSlow(
      this,
      `received fewer than ${leastBytesPerSecond} bytes per second for ${seconds} s`,
    );
  }

  async #collect(
    limit: number,
  ): Promise<{ bytes: Uint8Array<ArrayBuffer>; end: "whole" | "too large" | "late" }> {
    const reader = this.reader();
    const collector = new Collector();
    const deadline = performance.now() + this.#timing.requestMs;
    let buffer = new ArrayBuffer(READ_BYTES);
    while (collector.size <= limit) {
      if (performance.now() > deadline) {
        await reader.cancel();
        return { bytes: collector.bytes(), end: "late" };
      }
      const chunk = await reader.read(new Uint8Array(buffer));
      if (chunk === undefined) return { bytes: collector.bytes(), end: "whole" };
      collector.add(chunk);
      buffer = chunk.buffer;
    }
    await reader.cancel();
    return { bytes: collector.bytes().subarray(0, limit), end: "too large" };
  }
}

/** Reader of a response body. */
export interface AnswerReader {
  /** Fills part of a buffer, which then belongs to the reader; undefined at the end. */
  read(buffer: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | undefined>;
  cancel(): Promise<void>;
}

/** Counts bytes per time spent waiting for the network; the time of a slow reader does not count. */
export class Rate {
  readonly #timing: Pick<Timing, "rateWindowMs" | "leastBytesPerSecond">;
  #waitedMs = 0;
  #bytes = 0;

  constructor(timing: Pick<Timing, "rateWindowMs" | "leastBytesPerSecond">) {
    this.#timing = timing;
  }

  /**
   * Counts received bytes.
   *
   * @returns false when a whole window was below the minimum rate
   */
  add(bytes: number, waitedMs: number): boolean {
    const { rateWindowMs, leastBytesPerSecond } = this.#timing;
    this.#bytes += bytes;
    this.#waitedMs += waitedMs;
    if (this.#waitedMs < rateWindowMs) return true;
    const isEnough = this.#bytes >= leastBytesPerSecond * this.#waitedMs / 1000;
    this.#bytes = 0;
    this.#waitedMs = 0;
    return isEnough;
  }
}
