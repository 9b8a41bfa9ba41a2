/** Output of `up`: a reader that is slow or gone stops neither the runs nor their logs. */
import { type LogStream, OutputQueue } from "../../service/mod.ts";
import { formatError } from "../terminal/output.ts";

/** Milliseconds that the end waits for readers. */
const END_MS = 1000;

/** Both streams of this process. */
export class UpOutput {
  readonly #stderr = new OutputQueue(Deno.stderr);
  readonly #stdout = new OutputQueue(
    Deno.stdout,
    (lines) => this.#note(`warning: ${lines} lines are in the logs alone: the reader is slow`),
  );

  /** Writes whole lines. */
  write(stream: LogStream, bytes: Uint8Array): void {
    (stream === "stdout" ? this.#stdout : this.#stderr).write(bytes);
  }

  /** Reports an error. */
  error(error: unknown): void {
    this.#note(formatError(error, { verbose: false }));
  }

  #note(text: string): void {
    this.#stderr.write(new TextEncoder().encode(`${text}\n`));
  }

  /** Waits for the readers, for a while. */
  async flush(): Promise<void> {
    await this.#stdout.flush(END_MS);
    await this.#stderr.flush(END_MS);
  }
}
