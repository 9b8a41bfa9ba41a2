/** Reads the files of a log from the oldest line, and follows the newest. */
import { LineParser, type LogLine } from "./log_line.ts";
import { LOG_FILES } from "./log_writer.ts";

/** Bytes of one read. */
const READ_BYTES = 1 << 16;
/** Milliseconds between looks at a file that grows. */
const LOOK_MS = 100;

/** Options of {@linkcode readLog}. */
export interface LogOptions {
  /** Reports whether more lines may come; absent reads to the end once. */
  readonly goesOn?: () => boolean;
  /** Ends the wait for lines. */
  readonly signal?: AbortSignal;
  /** Called each time that all lines there are have been returned. */
  readonly onEnd?: () => void;
  /** True to begin with the newest file. */
  readonly isRecent?: boolean;
}

/** Reads lines in batches. Files may be rotated meanwhile. */
export async function* readLog(path: string, options: LogOptions = {}): AsyncGenerator<LogLine[]> {
  const { goesOn, signal, onEnd } = options;
  const isAborted = () => signal?.aborted === true;
  using reader = new LogReader(path, options.isRecent === true);
  while (!isAborted()) {
    // Before the read: what is written before the end is read, too.
    const mayGrow = goesOn?.() === true;
    let isEmpty = true;
    for (let lines = reader.next(); lines !== undefined; lines = reader.next()) {
      isEmpty = false;
      if (lines.length > 0) yield lines;
      if (isAborted()) return;
    }
    onEnd?.();
    if (!mayGrow) return;
    if (isEmpty) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

class LogReader implements Disposable {
  readonly #path: string;
  readonly #parser = new LineParser();
  readonly #buffer = new Uint8Array(READ_BYTES);
  #decoder = new TextDecoder();
  #file: Deno.FsFile | undefined;
  #rest = "";

  constructor(path: string, isRecent: boolean) {
    this.#path = path;
    if (isRecent) this.#file = open(path);
  }

  /** Returns the next lines; undefined at the end of what there is. */
  next(): LogLine[] | undefined {
    this.#file ??= this.#oldest();
    for (;;) {
      const count = this.#file?.readSync(this.#buffer) ?? null;
      if (count !== null) return this.#parse(count);
      const next = this.#newer();
      if (next === undefined) return undefined;
      // The writer may have added lines between the read and the rotation.
      const late = this.#file?.readSync(this.#buffer) ?? null;
      if (late !== null) {
        next.close();
        return this.#parse(late);
      }
      this.#file?.close();
      this.#file = next;
      this.#rest = "";
      this.#decoder = new TextDecoder();
    }
  }

  #parse(count: number): LogLine[] {
    const text = this.#rest +
      this.#decoder.decode(this.#buffer.subarray(0, count), { stream: true });
    const lines = text.split("\n");
    this.#rest = lines.pop() ?? "";
    return lines.flatMap((line) => this.#parser.parse(line) ?? []);
  }

  #oldest(): Deno.FsFile | undefined {
    for (let number = LOG_FILES - 1; number >= 0; number--) {
      const file = open(this.#name(number));
      if (file !== undefined) return file;
    }
    return undefined;
  }

  /** Opens the file after the current one; undefined if that is the newest. */
  #newer(): Deno.FsFile | undefined {
    const current = this.#file?.statSync();
    if (current === undefined) return undefined;
    for (let number = 0; number < LOG_FILES; number++) {
      if (inode(this.#name(number)) !== current.ino) continue;
      return number === 0 ? undefined : open(this.#name(number - 1));
    }
    // So many rotations that the file is gone.
    return this.#oldest();
  }

  #name(number: number): string {
    return number === 0 ? this.#path : `${this.#path}.${number}`;
  }

  [Symbol.dispose](): void {
    this.#file?.close();
  }
}

function open(path: string): Deno.FsFile | undefined {
  try {
    return Deno.openSync(path, { read: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function inode(path: string): number | null | undefined {
  try {
    return Deno.statSync(path).ino;
  } catch {
    return undefined;
  }
}
