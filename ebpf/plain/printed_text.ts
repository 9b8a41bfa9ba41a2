/** Text of trace_pipe, as lines of bpf_trace_printk. */

/** A printed line, and the task that ran meanwhile. */
export interface PrintedLine {
  readonly comm: string;
  readonly pid: number;
  readonly text: string;
}

/** Line of trace_pipe (Documentation/trace/ftrace.rst of the kernel). */
const PRINTED =
  /^\s*(?<comm>.{1,16})-(?<pid>\d+)\s+(?:\([\s\d-]+\)\s+)?\[\d+\]\s+\S+\s+[\d.]+:\s+bpf_trace_printk: (?<text>.*)$/;

/** Lines that the kernel overwrote. */
const LOST = /^CPU:\d+ \[LOST (\d+) EVENTS\]/;

/** Reader of the text of trace_pipe, which comes in pieces. */
export class PrintedText {
  /** Lines that the kernel overwrote before they were read. */
  lost = 0;
  readonly #onLine: (line: PrintedLine) => void;
  readonly #decoder = new TextDecoder();
  #rest = "";
  #task = { comm: "", pid: 0 };

  constructor(onLine: (line: PrintedLine) => void) {
    this.#onLine = onLine;
  }

  /** Takes a piece of the text; lines are handed over when they are whole. */
  add(bytes: Uint8Array<ArrayBuffer>): void {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    const parsed = PRINTED.exec(line);
    if (parsed !== null) {
      const { comm = "", pid = "0", text = "" } = parsed.groups ?? {};
      this.#task = { comm: comm.trim(), pid: Number(pid) };
      this.#onLine({ ...this.#task, text });
      return;
    }
    const lost = LOST.exec(line)?.[1];
    if (lost !== undefined) this.lost += Number(lost);
    // A text of several lines goes on, of the same task.
    else if (line.trim() !== "") this.#onLine({ ...this.#task, text: line });
  }
}
