/** Sink of comma-separated values (RFC 4180). */
import { fieldsIn } from "../fields.ts";
import { OutputBuffer } from "../batch.ts";
import { addedName, jsonRow, type RowWriter } from "../compile/rows.ts";
import type { ShownSchema, SinkOptions } from "../output_options.ts";
import { visibleText } from "../text/strings.ts";
import type { Block, RowsOfSource, Sink, SinkContext } from "./sink.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** `csv`: names of the fields, then exact values. Another source starts with its own names. */
export class CsvSink implements Sink {
  readonly #options: SinkOptions;
  readonly #context: SinkContext;
  readonly #buffer = new OutputBuffer();
  #headed: ShownSchema | undefined;
  /** Names of the last block. */
  #blockNames = "";

  constructor(options: SinkOptions, context: SinkContext) {
    this.#options = options;
    this.#context = context;
  }

  open(shown: ShownSchema): RowsOfSource {
    // Each field alone: members of structs are columns of their own.
    const fields = fieldsIn(shown.fields, "tables");
    const writers = fields.map((field): RowWriter =>
      jsonRow([{ ...field, path: ["v"] }], this.#context, { all: shown.schema.fields })
    );
    const scratch = new OutputBuffer();
    const time = this.#context.time === true;
    const { times } = this.#context;
    return {
      begin: () => {
        if (this.#headed === shown) return;
        this.#headed = shown;
        this.#blockNames = "";
        const names = fields.map(({ name }) => quoted(visibleText(name)));
        this.#line(time ? [addedName("time", fields), ...names] : names);
      },
      row: (s, v, at) => {
        const cells = writers.map(({ write, max }) => {
          scratch.reserve(max);
          const end = write(scratch.bytes, 0, s, v, at);
          return cell(decoder.decode(scratch.bytes.subarray(5, end - 1)));
        });
        if (time) {
          scratch.reserve(64);
          cells.unshift(
            cell(decoder.decode(scratch.bytes.subarray(0, times.nowJson(scratch.bytes, 0)))),
          );
        }
        this.#line(cells);
      },
      end: () => {},
    };
  }

  #line(cells: readonly string[]): void {
    this.#buffer.add(encoder.encode(`${cells.join(",")}\r\n`));
    if (this.#buffer.at > 1 << 20) this.flush();
  }

  text(source: string, line: string): void {
    this.#headed = undefined;
    this.#line([quoted(visibleText(source)), quoted(visibleText(line))]);
  }

  block({ csv }: Block): void {
    const names = csv.names.join();
    if (this.#blockNames !== names) this.#line(csv.names.map(quoted));
    this.#blockNames = names;
    this.#headed = undefined;
    for (const row of csv.rows) this.#line(row.map(quoted));
  }

  flush(): void {
    this.#buffer.flush(this.#options.write);
  }

  close(): void {
    this.flush();
  }
}

/** Returns a JSON value as a cell: strings without JSON's quotes. */
function cell(json: string): string {
  return quoted(json.startsWith('"') ? visibleText(JSON.parse(json) as string) : json);
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
