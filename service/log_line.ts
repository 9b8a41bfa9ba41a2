/**
 * Lines of a log, in the format of the Kubernetes CRI: `TIME STREAM F TEXT`, with P in place of F for a
 * line that goes on in the next one.
 */

/** Standard stream. */
export type LogStream = "stdout" | "stderr";

/** One line. */
export interface LogLine {
  /** Time in RFC 3339. */
  readonly time: string;
  /** Stream that it was written to. */
  readonly stream: LogStream;
  /** Text without the newline. */
  readonly text: string;
}

/** Longest text of a line in the file; longer ones are split, which bounds the memory of readers. */
export const MAX_LINE_BYTES = 16_384;

const NEWLINE = 10;

/** Result of {@linkcode formatLines}. */
export interface FormattedLines {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lines: number;
  /** Start of a line whose end has not arrived. */
  readonly rest: Uint8Array<ArrayBuffer>;
}

/**
 * Formats the complete lines in some bytes.
 *
 * @param isEnd true if no more bytes follow
 */
export function formatLines(
  bytes: Uint8Array<ArrayBuffer>,
  { time, stream, isEnd }: { time: string; stream: LogStream; isEnd: boolean },
): FormattedLines {
  const encoder = new TextEncoder();
  const whole = encoder.encode(`${time} ${stream} F `);
  const part = encoder.encode(`${time} ${stream} P `);
  const pieces: { start: number; end: number; isWhole: boolean }[] = [];
  let start = 0;
  for (;;) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    if (end - start > MAX_LINE_BYTES) {
      pieces.push({ start, end: start + MAX_LINE_BYTES, isWhole: false });
      start += MAX_LINE_BYTES;
    } else if (newline >= 0) {
      pieces.push({ start, end, isWhole: true });
      start = end + 1;
    } else break;
  }
  if (isEnd && start < bytes.length) {
    pieces.push({ start, end: bytes.length, isWhole: true });
    start = bytes.length;
  }
  const size = pieces.reduce((sum, { start, end }) => sum + end - start + whole.length + 1, 0);
  const out = new Uint8Array(size);
  let at = 0;
  for (const { start, end, isWhole } of pieces) {
    out.set(isWhole ? whole : part, at);
    at += whole.length;
    out.set(bytes.subarray(start, end), at);
    at += end - start;
    out[at++] = NEWLINE;
  }
  return { bytes: out, lines: pieces.length, rest: bytes.slice(start) };
}

/** Joins parts of lines and drops what is not a line, such as the remains of a full disk. */
export class LineParser {
  readonly #open: Record<LogStream, string> = { stdout: "", stderr: "" };

  /** Parses one line of the file, without its newline; undefined for a part. */
  parse(line: string): LogLine | undefined {
    const match = /^(\S+) (stdout|stderr) ([FP]) (.*)$/s.exec(line);
    if (match === null) return undefined;
    const [, time = "", name, tag, text = ""] = match;
    const stream = name as LogStream;
    const joined = this.#open[stream] + text;
    if (tag === "P" && joined.length < MAX_JOINED) {
      this.#open[stream] = joined;
      return undefined;
    }
    this.#open[stream] = "";
    return { time, stream, text: joined };
  }
}

/** Longest joined line, in characters. */
const MAX_JOINED = 1 << 20;
