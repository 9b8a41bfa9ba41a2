/** Sinks of JSON: one object a line, or one array. */
import { jsonRow, type RowWriter } from "../compile/rows.ts";
import { fieldsIn } from "../fields.ts";
import { OutputBuffer } from "../batch.ts";
import type { ShownSchema, SinkOptions } from "../output_options.ts";
import { jsonString } from "../text/strings.ts";
import type { Block, RowsOfSource, Sink, SinkContext } from "./sink.ts";

const LINE_FEED = 10;
/** Bytes after which a batch is handed over before its end. */
const FLUSH_BYTES = 1 << 20;

/** `jsonl`: each row a line. `json`: one array, or one for each interval of a table. */
export class JsonSink implements Sink {
  readonly #options: SinkOptions;
  readonly #context: SinkContext;
  readonly #isArray: boolean;
  readonly #buffer = new OutputBuffer();
  /** Array: true after its first element. */
  #started = false;
  #isOpen = false;
  /** Arrays written. */
  #arrays = 0;

  constructor(options: SinkOptions, context: SinkContext) {
    this.#options = options;
    this.#context = context;
    this.#isArray = options.format === "json";
  }

  open(shown: ShownSchema): RowsOfSource {
    const context = this.#context;
    let row: RowWriter | undefined;
    let named = false;
    const writer = (): RowWriter => {
      const isNamed = context.sources() > 1;
      if (row !== undefined && named === isNamed) return row;
      named = isNamed;
      row = jsonRow(fieldsIn(shown.fields, "json"), context, {
        source: isNamed ? shown.source : undefined,
        time: context.time === true,
        all: shown.schema.fields,
      });
      return row;
    };
    const buffer = this.#buffer;
    let current: RowWriter | undefined;
    const isBlock = this.#isArray && !shown.isStream;
    return {
      begin: () => {
        current = writer();
        if (isBlock) this.#startArray();
      },
      row: (s, v, at) => {
        const { write, max } = current ??= writer();
        buffer.reserve(max + 3);
        if (this.#isArray) this.#separate();
        buffer.at = write(buffer.bytes, buffer.at, s, v, at);
        if (!this.#isArray) buffer.bytes[buffer.at++] = LINE_FEED;
        if (buffer.at > FLUSH_BYTES) this.flush();
      },
      end: () => {
        if (isBlock) this.#endArray();
      },
    };
  }

  #startArray(): void {
    if (this.#isOpen) this.#endArray();
    this.#isOpen = true;
    this.#started = false;
  }

  #separate(): void {
    this.#isOpen = true;
    const { bytes } = this.#buffer;
    bytes[this.#buffer.at++] = this.#started ? 44 : 91;
    bytes[this.#buffer.at++] = LINE_FEED;
    this.#started = true;
  }

  #endArray(): void {
    const text = this.#started ? "\n]\n" : "[]\n";
    this.#buffer.add(new TextEncoder().encode(text));
    this.#isOpen = false;
    this.#started = false;
    this.#arrays += 1;
  }

  text(source: string, line: string): void {
    const name = this.#context.sources() > 1 ? `"source":${jsonString(source)},` : "";
    this.#element(`{${name}"text":${jsonString(line)}}`);
  }

  startBlocks(): void {
    if (this.#isArray) this.#startArray();
  }

  endBlocks(): void {
    if (this.#isArray) this.#endArray();
  }

  block({ json }: Block): void {
    for (const element of json) this.#element(element);
  }

  #element(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.#buffer.reserve(bytes.length + 3);
    if (this.#isArray) this.#separate();
    this.#buffer.add(bytes);
    if (!this.#isArray) this.#buffer.add(new Uint8Array([LINE_FEED]));
  }

  flush(): void {
    this.#buffer.flush(this.#options.write);
  }

  close(): void {
    // A stream without a record is an empty array.
    if (this.#isArray && (this.#isOpen || this.#arrays === 0)) this.#endArray();
    this.flush();
  }
}
