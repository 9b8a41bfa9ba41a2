/** Output to a reader that may be slow or stop to read: nothing waits for it. */
import type { LogStream } from "./log_line.ts";

/** Bytes that wait; more are left out, and counted by line. */
const MAX_WAITING = 1 << 20;

const NEWLINE = 10;

/** Queue of lines for a stream. */
export class OutputQueue {
  readonly #stream: Pick<typeof Deno.stdout, "write">;
  readonly #onDropped: (lines: number) => void;
  #waiting: Uint8Array[] = [];
  #bytes = 0;
  #dropped = 0;
  #writing: Promise<void> | undefined;
  #isBroken = false;

  /**
   * Creates an empty queue.
   *
   * @param onDropped called with the number of lines left out, when a write succeeds again
   */
  constructor(
    stream: Pick<typeof Deno.stdout, "write">,
    onDropped: (lines: number) => void = () => {},
  ) {
    this.#stream = stream;
    this.#onDropped = onDropped;
  }

  /** Takes whole lines, which are not changed any more. */
  write(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#isBroken) return;
    if (this.#bytes > 0 && this.#bytes + bytes.length > MAX_WAITING) {
      this.#dropped += lineCount(bytes);
      return;
    }
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    this.#writing ??= this.#send();
  }

  async #send(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const isWritten = await this.#sendOne(next);
      this.#bytes -= next.length;
      if (!isWritten || this.#dropped === 0) continue;
      const dropped = this.#dropped;
      this.#dropped = 0;
      this.#onDropped(dropped);
    }
    // In the step that found nothing more: what comes later starts anew.
    this.#writing = undefined;
  }

  async #sendOne(bytes: Uint8Array): Promise<boolean> {
    let left = bytes;
    try {
      while (left.length > 0) left = left.subarray(await this.#stream.write(left));
      return true;
    } catch (error) {
      // Others pass, such as a full disk.
      this.#isBroken = error instanceof Deno.errors.BrokenPipe;
      if (this.#isBroken) this.#waiting = [];
      this.#dropped += lineCount(left);
      return false;
    }
  }

  /** Waits until everything is written, `ms` at most. */
  async flush(ms: number): Promise<void> {
    const timer = Promise.withResolvers<void>();
    const id = setTimeout(timer.resolve, ms);
    await Promise.race([timer.promise, this.#writing]);
    clearTimeout(id);
  }
}

function lineCount(bytes: Uint8Array): number {
  return bytes.reduce((lines, byte) => lines + (byte === NEWLINE ? 1 : 0), 0);
}

/** Milliseconds that the end waits for readers. */
const END_MS = 1000;

/** Both streams of this process. */
export class OutputQueues {
  readonly #stdout: OutputQueue;
  readonly #stderr: OutputQueue;

  /**
   * Creates empty queues.
   *
   * @param streams those of this process, except in tests
   */
  constructor(streams: Readonly<Record<LogStream, Pick<typeof Deno.stdout, "write">>> = Deno) {
    const queue = (stream: LogStream, name: string) =>
      new OutputQueue(
        streams[stream],
        (lines) =>
          this.note(`warning: ${lines} lines are in the logs alone: ${name} is slow or full`),
      );
    this.#stdout = queue("stdout", "standard output");
    this.#stderr = queue("stderr", "standard error");
  }

  /** Writes whole lines. */
  write(stream: LogStream, bytes: Uint8Array): void {
    (stream === "stdout" ? this.#stdout : this.#stderr).write(bytes);
  }

  /** Writes a line to standard error. */
  note(text: string): void {
    this.#stderr.write(new TextEncoder().encode(`${text}\n`));
  }

  /** Waits for the readers, for a while. */
  async flush(): Promise<void> {
    await this.#stdout.flush(END_MS);
    await this.#stderr.flush(END_MS);
  }
}
