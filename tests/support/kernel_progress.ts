/** Progress of a virtual machine: its signs of life, and the results of its cases as they come. */

/** Time between two signs of life, in the machine's own time. */
export const BEAT_SECONDS = 5;

/** Signs of life without a result: more than all the limits of a case add up to. */
const MAX_BEATS = 60;

/** Longest time of the host without a sign of life: a busy one boots in two minutes. */
const SILENCE_MS = 10 * 60_000;

/** Output and exit code of a run in a virtual machine. */
export interface KernelResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Watch over a machine: ends one that hangs, and never one that is only slow. */
export class Progress {
  readonly #end: () => void;
  #fault: string | undefined;
  #beats = 0;
  #timer: number | undefined;

  /** @param end ends the machine */
  constructor(end: () => void) {
    this.#end = end;
    this.#wait();
  }

  /** Reason why the machine was ended. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Counts signs of life. */
  addBeats(count: number): void {
    this.#wait();
    this.#beats += count;
    if (this.#beats > MAX_BEATS) this.#fail(`a case hangs for ${MAX_BEATS * BEAT_SECONDS} s`);
  }

  /** Notes that a case has run. */
  addResult(): void {
    this.#wait();
    this.#beats = 0;
  }

  /** Ends the watch. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(): void {
    this.stop();
    if (this.#fault !== undefined) return;
    const fault = `no sign of life for ${SILENCE_MS / 60_000} minutes`;
    this.#timer = setTimeout(() => this.#fail(fault), SILENCE_MS);
  }

  #fail(fault: string): void {
    if (this.#fault !== undefined) return;
    this.#fault = fault;
    this.stop();
    this.#end();
  }
}

/**
 * Reader of a machine's output. For each case it has a mark with the exit code, the output, a mark,
 * the errors, and a mark with a full stop.
 */
export class ResultReader {
  readonly #mark: string;
  readonly #onResult: (result: KernelResult) => void;
  #text = "";

  /** @param onResult called for each case, in their order */
  constructor(mark: string, onResult: (result: KernelResult) => void) {
    this.#mark = mark;
    this.#onResult = onResult;
  }

  /** Adds output, and reports the cases that it completes. */
  push(text: string): void {
    this.#text += text;
    const end = `${this.#mark}.\n`;
    for (let at; (at = this.#text.indexOf(end)) >= 0; this.#text = this.#text.slice(at)) {
      const [, out = "", err = ""] = this.#text.slice(0, at).split(this.#mark);
      at += end.length;
      const match = out.match(/^ (\d+)\n/);
      if (!match) throw new Error(`Cannot read the exit code of a case: ${out.slice(0, 100)}`);
      this.#onResult({
        code: Number(match[1]),
        stdout: out.slice(match[0].length),
        stderr: err.slice(1),
      });
    }
  }
}
