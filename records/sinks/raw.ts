/** Sink of the records as they came, in the framing of `buffer_read`. */
import { type Framing, HEADER_BYTES, OutputBuffer } from "../batch.ts";
import type { ShownSchema, SinkOptions } from "../output_options.ts";
import { jsonString, visibleText } from "../text/strings.ts";
import type { Block, RowsOfSource, Sink } from "./sink.ts";

/** `raw`: `{ u32 size; u32 cpu; payload }`, padded to 8 bytes with zeros. */
export class RawSink implements Sink {
  readonly #options: SinkOptions;
  readonly #buffer = new OutputBuffer();

  constructor(options: SinkOptions) {
    this.#options = options;
  }

  open(_shown: ShownSchema): RowsOfSource {
    const buffer = this.#buffer;
    return {
      begin: () => {},
      row: (s, _v, at, size, cpu) => {
        const padded = Math.ceil(size / 8) * 8;
        buffer.reserve(HEADER_BYTES + padded);
        const view = new DataView(buffer.bytes.buffer);
        view.setUint32(buffer.at, size, true);
        view.setUint32(buffer.at + 4, cpu, true);
        const start = buffer.at + HEADER_BYTES;
        buffer.bytes.set(s.subarray(at, at + size), start);
        buffer.bytes.fill(0, start + size, start + padded);
        buffer.at = start + padded;
        if (buffer.at > 1 << 20) this.flush();
      },
      end: () => {},
      batch: (bytes, framing) => this.#whole(bytes, framing),
    };
  }

  /** Copies a batch in one piece; its padding is set to zeros. */
  #whole(bytes: Uint8Array, framing: Framing): boolean {
    if (framing !== "framed") return false;
    const buffer = this.#buffer;
    const start = buffer.at;
    buffer.add(bytes);
    const view = new DataView(buffer.bytes.buffer, start, bytes.length);
    let at = 0;
    while (at + HEADER_BYTES <= bytes.length) {
      const size = view.getUint32(at, true);
      const end = at + HEADER_BYTES + size;
      if (end > bytes.length) break;
      at = Math.min(bytes.length, at + HEADER_BYTES + Math.ceil(size / 8) * 8);
      if (at > end) buffer.bytes.fill(0, start + end, start + at);
    }
    buffer.at = start + at;
    return true;
  }

  // Text has no framing.
  text(_source: string, _line: string): void {}

  block(_block: Block): void {}

  flush(): void {
    this.#buffer.flush(this.#options.write);
  }

  close(): void {
    this.flush();
  }
}

/** Bytes shown of an event, unless all are asked for. */
const SHOWN_BYTES = 16;

/** Returns the forms of an event whose type is not known. */
export function hexBlock(source: string, bytes: Uint8Array, whole: boolean): Block {
  const shown = whole ? bytes : bytes.subarray(0, SHOWN_BYTES);
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"));
  const more = shown.length < bytes.length ? "…" : "";
  const text = Array.from(
    shown,
    (byte) => byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".",
  ).join("");
  const listed = digits.slice(0, shown.length).join(" ") + more;
  const padded = whole ? listed : listed.padEnd(3 * SHOWN_BYTES);
  return {
    source,
    kind: "bytes",
    lines: `${visibleText(source)} ${`${bytes.length}`.padStart(5)} ${padded} ${text}${more}`,
    json: [
      `{"source":${jsonString(source)},"size":${bytes.length},"hex":"${digits.join("")}"}`,
    ],
    csv: {
      names: ["source", "size", "hex"],
      rows: [[visibleText(source), `${bytes.length}`, digits.join("")]],
    },
    dense: true,
  };
}
