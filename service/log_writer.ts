/** Log of a run: bounded, rotated, and no reason to end the run when the disk is full. */
import { errnoOf } from "./errors.ts";
import { formatLines, type LogStream } from "./log_line.ts";

/** Files that a log has at most; each has an equal part of its bound. */
export const LOG_FILES = 5;

/** Errors of a disk that is full, or of a quota that is used up. */
const NO_ROOM: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT"]);

const EMPTY = new Uint8Array();

/** Writer of a log's files: `PATH`, and older ones `PATH.1` to `PATH.4`. */
export class LogWriter implements Disposable {
  readonly #path: string;
  readonly #fileBytes: number;
  readonly #rest: Record<LogStream, Uint8Array<ArrayBuffer>> = { stdout: EMPTY, stderr: EMPTY };
  #file: Deno.FsFile | undefined;
  #size = 0;
  #dropped = 0;

  constructor(path: string, { maxBytes }: { maxBytes: number }) {
    this.#path = path;
    this.#fileBytes = Math.max(1, Math.floor(maxBytes / LOG_FILES));
  }

  /** Lines that found no space since the last one that did. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Writes bytes of a stream; never throws for a full or broken disk. */
  write(stream: LogStream, bytes: Uint8Array<ArrayBuffer>): void {
    this.#take(stream, bytes, false);
  }

  /** Writes the start of a line that never got its end. */
  flush(): void {
    this.#take("stdout", EMPTY, true);
    this.#take("stderr", EMPTY, true);
  }

  /** Writes a line of wasm-bpf itself. */
  note(text: string): void {
    this.#take("stderr", EMPTY, true);
    this.#take("stderr", new TextEncoder().encode(`wasm-bpf: ${text}\n`), true);
  }

  #take(stream: LogStream, bytes: Uint8Array<ArrayBuffer>, isEnd: boolean): void {
    const rest = this.#rest[stream];
    let all = bytes;
    if (rest.length > 0) {
      all = new Uint8Array(rest.length + bytes.length);
      all.set(rest);
      all.set(bytes, rest.length);
    }
    const time = new Date().toISOString();
    const formatted = formatLines(all, { time, stream, isEnd });
    this.#rest[stream] = formatted.rest;
    if (formatted.lines === 0) return;
    if (this.#dropped > 0) this.#reportDropped(time);
    if (this.#dropped > 0 || !this.#append(formatted.bytes)) this.#dropped += formatted.lines;
  }

  #reportDropped(time: string): void {
    const text =
      `${time} stderr F wasm-bpf: ${this.#dropped} lines dropped: no space for the log\n`;
    if (this.#append(new TextEncoder().encode(text))) this.#dropped = 0;
  }

  /** Appends whole lines; on a full disk, in the place of the oldest ones. */
  #append(bytes: Uint8Array<ArrayBuffer>): boolean {
    for (let attempt = 0; attempt < LOG_FILES; attempt++) {
      try {
        this.#open(bytes.length);
        writeAll(this.#file, bytes);
        this.#size += bytes.length;
        return true;
      } catch (error) {
        this.#undo();
        // Others, such as too many open files, are not helped by it.
        const isFull = NO_ROOM.has(errnoOf(error));
        if (!isFull || !this.#removeOldest()) return false;
      }
    }
    return false;
  }

  #open(more: number): void {
    if (this.#file === undefined) {
      this.#file = Deno.openSync(this.#path, { write: true, create: true, mode: 0o600 });
      this.#size = this.#file.seekSync(0, Deno.SeekMode.End);
    }
    if (this.#size === 0 || this.#size + more <= this.#fileBytes) return;
    this.#file.close();
    this.#file = undefined;
    for (let number = LOG_FILES - 1; number > 0; number--) {
      rename(number === 1 ? this.#path : `${this.#path}.${number - 1}`, `${this.#path}.${number}`);
    }
    this.#open(more);
  }

  /** Removes the part of a line that found space. */
  #undo(): void {
    try {
      this.#file?.truncateSync(this.#size);
      this.#file?.seekSync(this.#size, Deno.SeekMode.Start);
    } catch {
      // Readers skip what is not a line.
    }
  }

  #removeOldest(): boolean {
    for (let number = LOG_FILES - 1; number > 0; number--) {
      try {
        Deno.removeSync(`${this.#path}.${number}`);
        return true;
      } catch {
        // No file has that number yet.
      }
    }
    return false;
  }

  [Symbol.dispose](): void {
    this.flush();
    this.#file?.close();
    this.#file = undefined;
  }
}

function writeAll(file: Deno.FsFile | undefined, bytes: Uint8Array): void {
  for (let left = bytes; left.length > 0;) left = left.subarray(file?.writeSync(left) ?? 0);
}

function rename(from: string, to: string): void {
  try {
    Deno.renameSync(from, to);
  } catch (cause) {
    if (errnoOf(cause) !== "ENOENT") throw cause;
  }
}
