/** Output of several runs in one stream, line by line. */
import { recordOf } from "./log_record.ts";

const NEWLINE = 10;
/** A longer line goes out in parts. */
const MAX_PENDING_BYTES = 65_536;

/** Marks the lines of one run. Pure. */
export class OutputLines {
  readonly #name: string;
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder();
  #rest = new Uint8Array();

  /**
   * Creates the marks of one run.
   *
   * @param name of the run
   */
  constructor(name: string) {
    this.#name = name;
  }

  /**
   * Returns the complete lines in some bytes. A JSON object gets the member `run` first, and one that has
   * such a member, which parsers could take for that, becomes the member `record`; other text gets the
   * name and a colon.
   */
  mark(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    const end = all.lastIndexOf(NEWLINE) + 1;
    const cut = end === 0 && all.length > MAX_PENDING_BYTES ? all.length : end;
    this.#rest = all.slice(cut);
    if (cut === 0) return new Uint8Array();
    const text = this.#decoder.decode(all.subarray(0, cut)).replace(/\n$/, "");
    const lines = text.split("\n").map((line) => this.#marked(line));
    return this.#encoder.encode(`${lines.join("\n")}\n`);
  }

  #marked(line: string): string {
    if (!line.startsWith('{"')) return `${this.#name}: ${line}`;
    const name = JSON.stringify(this.#name);
    // A name may have its letters escaped, and parsers in Go take capital ones for it as well.
    if (/"run"|\\u/i.test(line)) {
      const record = recordOf(line);
      if (record === undefined) return `${this.#name}: ${line}`;
      if (Object.keys(record).some((key) => key.toLowerCase() === "run")) {
        return `{"run":${name},"record":${line}}`;
      }
    }
    return `{"run":${name},${line.slice(1)}`;
  }
}
