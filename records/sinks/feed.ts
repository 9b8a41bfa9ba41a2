/** Sink for another process: records as bytes, with their schema once. */
import { fieldsIn } from "../fields.ts";
import { OutputBuffer } from "../batch.ts";
import { jsonRow, type TextOptions } from "../compile/rows.ts";
import {
  type FeedBlocks,
  FeedKind,
  feedMessage,
  type FeedSource,
  ROWS_HEADER_BYTES,
  RowsFlag,
  setHeader,
} from "../feed/messages.ts";
import { metricPlans, type MetricSpec } from "../metric_plan.ts";
import type { ShownSchema, SinkOptions } from "../output_options.ts";
import type { Block, RowsOfSource, Sink } from "./sink.ts";

/** Bytes after which rows are sent before the end of their batch. */
const MESSAGE_BYTES = 256 << 10;

/** Formats of addresses that are shown as functions. */
const LOOKED_UP = /^([ku]stack|[ku]sym)$/;
/** Stacks of an interval that are sent; the most frequent come first. */
const MAX_STACKS = 5000;

/** `feed`: one message for the rows of a batch; see `records/feed/messages.ts`. */
export class FeedSink implements Sink {
  readonly #write: (message: Uint8Array) => void;
  readonly #metrics: readonly MetricSpec[];
  readonly #text: TextOptions;
  readonly #totals = new Map<string, number>();
  #sources = 0;
  #blocks: (Omit<FeedBlocks, "items" | "total"> & { items: string[] }) | undefined;

  /** @param text names that only this process can look up, for stacks */
  constructor({ write, metrics = [] }: SinkOptions, text: TextOptions) {
    this.#write = write;
    this.#metrics = metrics;
    this.#text = text;
  }

  open(shown: ShownSchema): RowsOfSource {
    const { source, schema, isStream, isCleared } = shown;
    const fields = fieldsIn(shown.fields, "json");
    const id = this.#sources++;
    const opened: FeedSource = {
      id,
      source,
      schema,
      shown: fields.map(({ name }) => name),
      isStream,
      isCleared: isCleared === true,
      metrics: metricPlans(this.#metrics, { source, schema, isStream }),
    };
    this.#write(feedMessage(FeedKind.Open, opened));
    const rows = this.#rows(id, schema.size);
    return fields.some(({ format }) => LOOKED_UP.test(format.name))
      ? this.#withTexts(rows, shown)
      : rows;
  }

  /** Adds each row as JSON: the receiver cannot look its addresses up. */
  #withTexts(rows: RowsOfSource, { source, fields, isCleared }: ShownSchema): RowsOfSource {
    const { write, max } = jsonRow(fieldsIn(fields, "json"), this.#text);
    const buffer = new OutputBuffer();
    const decoder = new TextDecoder();
    return {
      ...rows,
      row: (s, v, at, size, cpu) => {
        rows.row(s, v, at, size, cpu);
        buffer.reserve(max);
        const text = decoder.decode(buffer.bytes.subarray(0, write(buffer.bytes, 0, s, v, at)));
        const kind = "stacks" as const;
        if (this.#blocks !== undefined && this.#blocks.source !== source) this.flush();
        this.#blocks ??= { source, kind, isCleared: isCleared === true, items: [] };
        if (this.#blocks.items.length < MAX_STACKS) this.#blocks.items.push(text);
      },
      end: () => {
        rows.end();
        this.flush();
      },
    };
  }

  #rows(id: number, bytes: number): RowsOfSource {
    const buffer = new OutputBuffer();
    let count = 0;
    let total = 0;
    let flags = 0;
    const start = () => {
      buffer.at = ROWS_HEADER_BYTES;
      count = 0;
    };
    const send = (more: number) => {
      const message = buffer.bytes.subarray(0, buffer.at);
      setHeader(message, FeedKind.Rows, flags | more);
      const view = new DataView(message.buffer, message.byteOffset);
      view.setUint32(8, id, true);
      view.setUint32(12, count, true);
      view.setFloat64(16, total, true);
      this.#write(message);
      flags = 0;
      start();
    };
    start();
    return {
      begin: () => {
        flags = RowsFlag.Begin;
      },
      row: (s, _v, at) => {
        buffer.reserve(bytes);
        buffer.bytes.set(s.subarray(at, at + bytes), buffer.at);
        buffer.at += bytes;
        count += 1;
        total += 1;
        if (buffer.at > MESSAGE_BYTES) send(0);
      },
      end: () => send(RowsFlag.End),
    };
  }

  text(source: string, line: string): void {
    this.#write(feedMessage(FeedKind.Text, { source, line }));
  }

  block({ source, kind, isCleared, json }: Block): void {
    const last = this.#blocks;
    if (last !== undefined && (last.source !== source || last.kind !== kind)) this.flush();
    this.#blocks ??= { source, kind, isCleared: isCleared === true, items: [] };
    this.#blocks.items.push(...json);
  }

  flush(): void {
    const blocks = this.#blocks;
    if (blocks === undefined) return;
    this.#blocks = undefined;
    const total = (this.#totals.get(blocks.source) ?? 0) + blocks.items.length;
    this.#totals.set(blocks.source, total);
    this.#write(feedMessage(FeedKind.Blocks, { ...blocks, total }));
  }

  close(): void {
    this.flush();
  }
}
