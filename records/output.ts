/** Output of records: from batches of bytes to all sinks. */
import { Aggregator } from "./aggregate.ts";
import { BatchReader, Collector, type Framing } from "./batch.ts";
import type { TextOptions } from "./compile/rows.ts";
import { RecordsError } from "./errors.ts";
import { chooseFields, withFormats } from "./fields.ts";
import { hexBlock, RawSink } from "./sinks/raw.ts";
import { type HistogramSpec, HistogramText } from "./histogram.ts";
import { Order } from "./order.ts";
import type { OutputOptions, Predicate, ShownSchema } from "./output_options.ts";
import { MAX_RECORD_BYTES, type Schema } from "./schema.ts";
import { ColumnsSink } from "./sinks/columns.ts";
import { CsvSink } from "./sinks/csv.ts";
import { FeedSink } from "./sinks/feed.ts";
import { JsonSink } from "./sinks/json.ts";
import type { RowsOfSource, Sink, SinkContext } from "./sinks/sink.ts";
import { stackBlock, type StackOptions } from "./stacks.ts";
import { NO_CLOCK, Times } from "./text/times.ts";
import type { RecordTaker, RowOrder, StacksSink, StreamSink, TableSink } from "./output_sources.ts";

/** Keys of a screen that is redrawn. */
const KEYS_HELP =
  "keys: q ends, s sorts by the next field, r reverses, p pauses, h hides this line";

const NOTHING: Uint8Array = new Uint8Array();

/**
 * Shows records of several sources in several formats.
 *
 * Nothing is read from the kernel, the clock or the terminal: the caller passes bytes and functions.
 * {@linkcode Output.end} closes arrays of JSON and hands over the rest.
 */
export class Output implements RecordTaker {
  readonly #options: OutputOptions;
  readonly #sinks: readonly Sink[];
  readonly #text: TextOptions;
  readonly #collectors: (() => void)[] = [];
  readonly #tables: { readonly order: Order }[] = [];
  /** Intervals that each table has shown. */
  readonly #shown: { shown: number }[] = [];
  /** Draw what was shown last; for screens. */
  readonly #redraws: (() => void)[] = [];
  #isPaused = false;
  #hasHelp = false;
  /** Order that a key has chosen. */
  #orderText = "";
  #sources = 0;
  /** Records or intervals until {@linkcode done}. */
  #left: number;
  /** Rows that streams may still show in this interval. */
  #limited: number;
  #ended = false;

  /** Creates the sinks; nothing is written before the first row. */
  constructor(options: OutputOptions) {
    this.#options = options;
    this.#text = {
      times: new Times(options.clock ?? NO_CLOCK),
      resolvers: options.resolvers ?? {},
      exact: options.exact === true,
    };
    const context: SinkContext = {
      ...this.#text,
      time: options.time,
      folded: options.folded === true,
      sources: () => this.#sources,
    };
    this.#left = options.count ?? Infinity;
    this.#limited = options.limit ?? Infinity;
    this.#sinks = options.sinks.map((sink) => {
      switch (sink.format) {
        case "columns":
          return new ColumnsSink(sink, context);
        case "csv":
          return new CsvSink(sink, context);
        case "raw":
          return new RawSink(sink);
        case "feed":
          return new FeedSink(sink, context);
        default:
          return new JsonSink(sink, context);
      }
    });
  }

  /** True after `count` records or intervals: the caller stops. */
  get done(): boolean {
    return this.#left <= 0;
  }

  /**
   * Adds a source of events.
   *
   * @throws {RecordsError} `UNKNOWN_FIELD`, `BAD_FILTER`, `BAD_SCHEMA`
   */
  stream(source: string, schema: Schema): StreamSink {
    const { aggregate, sort } = this.#options;
    if (aggregate !== undefined || (sort !== undefined && sort.length > 0)) {
      return this.#collected(source, schema);
    }
    const shown = this.#show(source, schema, true);
    const predicate = this.#options.filter?.compile(shown.schema, source, this.#options.clock);
    const writers = this.#sinks.map((sink) => sink.open(shown));
    const lasting = writers.filter((_, i) => this.#options.sinks[i]?.screen === undefined);
    const reader = new BatchReader(schema);
    let measured = false;
    return {
      write: (batch, framing = "framed") => {
        if (this.#ended || this.done) return;
        this.#text.times.refresh();
        if (this.#limited <= 0) return;
        if (!measured) measured = this.#measure(reader, writers, { batch, framing, predicate });
        const shown = this.#isPaused ? lasting : writers;
        this.#writeBatch(reader, shown, { batch, framing, predicate });
        this.#flush();
      },
    };
  }

  /** Records that are shown together, at the end of an interval. */
  #collected(source: string, schema: Schema): StreamSink {
    const formatted = withFormats(schema, this.#options.formats ?? [], source);
    const predicate = this.#options.filter?.compile(formatted, source, this.#options.clock);
    const reader = new BatchReader(schema);
    const { aggregate } = this.#options;
    const groups = aggregate && new Aggregator(aggregate, formatted, source);
    const rows = new Collector(schema.size);
    const table = this.#rows(source, groups?.schema ?? formatted, undefined);
    const show = () => table.rows(groups === undefined ? rows.take() : groups.take());
    this.#collectors.push(show);
    return {
      write: (batch, framing = "framed") => {
        if (this.#ended || this.done) return;
        reader.each(batch, framing, (s, v, at) => {
          if (predicate !== undefined && !predicate(s, v, at)) return;
          if (groups !== undefined) groups.add(s, v, at);
          else if (rows.add(s, at)) show();
        });
      },
    };
  }

  /** Ends an interval: shows what streams have collected, and lets streams show rows again. */
  interval(): void {
    if (this.#ended) return;
    for (const show of this.#collectors) show();
    this.#limited = this.#options.limit ?? Infinity;
  }

  /**
   * Handles a key of a screen that is redrawn: `s` sorts by the next field, `r` reverses the order, `p`
   * and space pause, `h` and `?` show the keys. Others do nothing.
   */
  key(key: string): void {
    if (this.#ended) return;
    if (key === "s" || key === "r") {
      for (const { order } of this.#tables) {
        if (key === "s") order.next();
        else order.reverse();
      }
      const [first] = this.#tables;
      this.#orderText = first?.order.text ?? "";
    } else if (key === "p" || key === " ") this.#isPaused = !this.#isPaused;
    else if (key === "h" || key === "?") this.#hasHelp = !this.#hasHelp;
    else return;
    this.redraw();
  }

  /** Ends a pause: what follows is shown. */
  resume(): void {
    this.#isPaused = false;
    this.#hasHelp = false;
  }

  /** Draws a screen again, as after a change of its size. */
  redraw(): void {
    if (this.#ended) return;
    for (const draw of this.#redraws) draw();
    const order = this.#orderText === "" ? [] : [`order: ${this.#orderText}`];
    const state = [...(this.#isPaused ? ["paused: p goes on"] : []), ...order].join("; ");
    const lines = [...(this.#hasHelp ? [KEYS_HELP] : []), ...(state === "" ? [] : [state])];
    for (const sink of this.#screens) sink.notice?.(lines);
    for (const sink of this.#screens) sink.flush();
  }

  /** Sinks that are redrawn. */
  get #screens(): readonly Sink[] {
    return this.#sinks.filter((_, i) => this.#options.sinks[i]?.screen !== undefined);
  }

  #measure(
    reader: BatchReader,
    writers: readonly RowsOfSource[],
    { batch, framing, predicate }: BatchOfStream,
  ): boolean {
    const measuring = writers.flatMap(({ measure }) => measure === undefined ? [] : [measure]);
    if (measuring.length === 0) return true;
    let any = false;
    reader.each(batch, framing, (s, v, at) => {
      if (predicate !== undefined && !predicate(s, v, at)) return;
      any = true;
      for (const measure of measuring) measure(s, v, at);
    });
    return any;
  }

  #writeBatch(
    reader: BatchReader,
    writers: readonly RowsOfSource[],
    { batch, framing, predicate }: BatchOfStream,
  ): void {
    const isWhole = predicate === undefined && this.#left === Infinity &&
      this.#limited === Infinity;
    const rows = writers.filter((writer) => !(isWhole && writer.batch?.(batch, framing)));
    const [only] = rows;
    let begun = false;
    if (only === undefined) return;
    const isOnly = rows.length === 1;
    reader.each(batch, framing, (s, v, at, size, cpu) => {
      if (predicate !== undefined && !predicate(s, v, at)) return;
      if (this.#left <= 0 || this.#limited <= 0) return;
      this.#left -= 1;
      this.#limited -= 1;
      if (!begun) {
        for (const writer of rows) writer.begin();
        begun = true;
      }
      if (isOnly) only.row(s, v, at, size, cpu);
      else for (const writer of rows) writer.row(s, v, at, size, cpu);
    });
    if (begun) { for (const writer of rows) writer.end(); }
  }

  /**
   * Adds a map whose rows are shown at intervals.
   *
   * @param rows order and number of its rows, unless the options have them
   * @throws {RecordsError} `UNKNOWN_FIELD`, `BAD_FILTER`, `BAD_SCHEMA`
   */
  table(source: string, schema: Schema, rows: RowOrder = {}): TableSink {
    const formatted = withFormats(schema, this.#options.formats ?? [], source);
    const predicate = this.#options.filter?.compile(formatted, source, this.#options.clock);
    const { aggregate } = this.#options;
    if (aggregate === undefined) return this.#rows(source, formatted, predicate, rows);
    const groups = new Aggregator(aggregate, formatted, source);
    const { sort: _sort, limit: _limit, ...rest } = rows;
    const table = this.#rows(source, groups.schema, undefined, rest);
    const grouped = (bytes: Uint8Array): Uint8Array => {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const starts = startsOf({ bytes, view, stride: schema.size }, predicate);
      starts.forEach((at) => groups.add(bytes, view, at));
      return groups.take();
    };
    return {
      rows: (bytes) => table.rows(grouped(bytes)),
      refresh: (bytes) => table.refresh(grouped(bytes)),
    };
  }

  /** @param schema with the formats of the options */
  #rows(
    source: string,
    schema: Schema,
    predicate: Predicate | undefined,
    rowOrder: RowOrder = {},
  ): TableSink {
    const isCleared = rowOrder.isCleared;
    const shown = { ...this.#showFormatted(source, schema, false), isCleared };
    const order = new Order(this.#options.sort ?? rowOrder.sort ?? [], schema, source);
    const limit = this.#options.limit ?? rowOrder.limit;
    const all = this.#sinks.map((sink) => sink.open(shown));
    const { sinks } = this.#options;
    const feeds = all.filter((_, i) => sinks[i]?.format === "feed");
    const screens = all.filter((_, i) => sinks[i]?.screen !== undefined);
    const others = all.filter((_, i) => sinks[i]?.screen === undefined);
    let last: Uint8Array = NOTHING;
    let isShown = false;
    const show = (writers = all) => {
      this.#text.times.refresh();
      const view = new DataView(last.buffer, last.byteOffset, last.byteLength);
      const rows = { bytes: last, view, stride: schema.size };
      const sorted = order.sort(rows, startsOf(rows, predicate), limit);
      for (const { measure } of writers) {
        if (measure !== undefined) sorted.forEach((at) => measure(rows.bytes, view, at));
      }
      for (const writer of writers) {
        writer.begin();
        sorted.forEach((at) => writer.row(rows.bytes, view, at, schema.size, 0));
        writer.end();
      }
    };
    this.#tables.push({ order });
    const isNext = this.#intervals();
    if (screens.length > 0) this.#redraws.push(() => isShown && show(screens));
    return {
      rows: (bytes) => {
        if (this.#ended || this.done || !isNext()) return;
        const before = last;
        last = bytes;
        isShown ||= !this.#isPaused;
        show(this.#isPaused ? others : all);
        // The bytes are the caller's.
        last = screens.length === 0 ? NOTHING : this.#isPaused ? before : bytes.slice();
        this.#flush();
      },
      refresh: (bytes) => {
        if (this.#ended || this.done || feeds.length === 0) return;
        const kept = last;
        last = bytes;
        show(feeds);
        last = kept;
      },
    };
  }

  /**
   * Adds a map whose rows each hold a histogram.
   *
   * @throws {RecordsError} `UNKNOWN_FIELD`, `BAD_FILTER`, `BAD_SCHEMA`
   */
  histogram(
    source: string,
    schema: Schema,
    spec: HistogramSpec,
    { isCleared }: Pick<RowOrder, "isCleared"> = {},
  ): TableSink {
    if (this.#options.aggregate !== undefined) {
      throw new RecordsError(`Cannot aggregate "${source}": its rows are histograms`, {
        code: "BAD_RECORDS",
        hint: "leave out --aggregate, or choose maps with --map",
      });
    }
    const shown = { ...this.#show(source, schema, false), isCleared };
    const predicate = this.#options.filter?.compile(shown.schema, source, this.#options.clock);
    const order = new Order(this.#options.sort ?? [], shown.schema, source);
    const text = new HistogramText(shown, spec, {
      ...this.#text,
      time: this.#options.time === true,
    });
    const screens = this.#screens;
    let last: Uint8Array = NOTHING;
    let isShown = false;
    const show = (bytes: Uint8Array, sinks: readonly Sink[]) => {
      this.#text.times.refresh();
      for (const sink of sinks) sink.startBlocks?.(source);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const rows = { bytes, view, stride: schema.size };
      for (const at of order.sort(rows, startsOf(rows, predicate), this.#options.limit)) {
        const block = text.block(bytes, view, at, this.#sources > 1);
        if (block !== undefined) { for (const sink of sinks) sink.block(block); }
      }
      for (const sink of sinks) sink.endBlocks?.(source);
    };
    this.#tables.push({ order });
    const isNext = this.#intervals();
    if (screens.length > 0) this.#redraws.push(() => isShown && show(last, screens));
    return {
      rows: (bytes) => {
        if (this.#ended || this.done || !isNext()) return;
        show(bytes, this.#sinks.filter((sink) => !this.#isPaused || !screens.includes(sink)));
        if (screens.length > 0 && !this.#isPaused) [last, isShown] = [bytes.slice(), true];
        this.#flush();
      },
      refresh: (bytes) => {
        if (this.#ended || this.done) return;
        const feeds = this.#sinks.filter((_, i) => this.#options.sinks[i]?.format === "feed");
        if (feeds.length === 0) return;
        show(bytes, feeds);
        for (const sink of feeds) sink.flush();
      },
    };
  }

  /** Adds a source of stacks; the most frequent come first. */
  stacks(source: string, options: StackOptions = {}): StacksSink {
    this.#sources += 1;
    const isNext = this.#intervals();
    return {
      rows: (samples) => {
        if (this.#ended || this.done || !isNext()) return;
        const screens = this.#screens;
        const sinks = this.#sinks.filter((sink) => !this.#isPaused || !screens.includes(sink));
        for (const sink of sinks) sink.startBlocks?.(source);
        const sorted = [...samples].sort((a, b) =>
          a.count < b.count ? 1 : a.count > b.count ? -1 : 0
        );
        for (const sample of sorted.slice(0, this.#options.limit ?? Infinity)) {
          const isNamed = this.#sources > 1;
          const block = stackBlock(source, sample, { folded: options.folded === true, isNamed });
          for (const sink of sinks) sink.block(block);
        }
        for (const sink of sinks) sink.endBlocks?.(source);
        this.#flush();
      },
    };
  }

  /**
   * Adds a source of events whose type is not known: their size and first bytes, or all of them with
   * `exact`.
   *
   * @throws {RecordsError} `UNKNOWN_FIELD` if options name fields: it has only bytes
   */
  hex(source: string): StreamSink {
    const { filter, aggregate, fields, sort } = this.#options;
    const action = filter !== undefined
      ? "filter"
      : aggregate !== undefined
      ? "aggregate"
      : fields !== undefined
      ? "choose fields of"
      : (sort ?? []).length > 0
      ? "sort"
      : undefined;
    if (action !== undefined) {
      throw new RecordsError(`Cannot ${action} records of "${source}": their type is not known`, {
        code: "UNKNOWN_FIELD",
        hint: `pass --event ${source}=TYPE, such as --event ${source}='{int pid; char comm[16];}'`,
      });
    }
    this.#sources += 1;
    const reader = new BatchReader({ size: 0 });
    const schema: Schema = { name: source, size: 1, fields: [] };
    const shown = { source, schema, fields: [], isStream: true };
    const whole = this.#options.sinks.map(({ format }, i) =>
      format === "raw" ? this.#sinks[i]?.open(shown) : undefined
    );
    const raws = whole.flatMap((raw) => raw === undefined ? [] : [raw]);
    const isRaw = raws.length === whole.length && this.#left === Infinity;
    return {
      write: (batch, framing = "framed") => {
        if (this.#ended || this.done || framing !== "framed") return;
        if (isRaw) {
          for (const raw of raws) raw.batch?.(batch, framing);
          return this.#flush();
        }
        reader.each(batch, framing, (s, v, at, size, cpu) => {
          if (this.done) return;
          this.#left -= 1;
          const block = hexBlock(source, s.subarray(at, at + size), this.#text.exact);
          this.#sinks.forEach((sink, i) => {
            const raw = whole[i];
            if (raw === undefined) sink.block(block);
            else raw.row(s, v, at, size, cpu);
          });
        });
        this.#flush();
      },
    };
  }

  /** Shows a line of text of a source, such as printk's; what controls a terminal is escaped. */
  text(source: string, line: string): void {
    if (this.#ended || this.done) return;
    for (const sink of this.#sinks) sink.text(source, line);
    this.#left -= 1;
    this.#flush();
  }

  /**
   * Returns the counter of a table's intervals, which is called for each and reports whether it is shown.
   * All tables are shown `count` times; one that would be shown more often ends the wait for others.
   */
  #intervals(): () => boolean {
    const count = this.#options.count ?? Infinity;
    const table = { shown: 0 };
    this.#shown.push(table);
    return () => {
      if (table.shown >= count) {
        this.#left = 0;
        return false;
      }
      table.shown += 1;
      if (this.#shown.every(({ shown }) => shown >= count)) this.#left = 0;
      return true;
    };
  }

  /** Closes arrays and hands over what is left; further rows are ignored. */
  end(): void {
    if (this.#ended) return;
    for (const show of this.#collectors) show();
    this.#ended = true;
    for (const sink of this.#sinks) sink.close();
  }

  #flush(): void {
    for (const sink of this.#sinks) sink.flush();
  }

  #show(source: string, schema: Schema, isStream: boolean): ShownSchema {
    if (schema.size > MAX_RECORD_BYTES || schema.size <= 0) {
      throw new RecordsError(`Cannot show records of "${source}": ${schema.size} bytes each`, {
        code: "BAD_SCHEMA",
      });
    }
    const formatted = withFormats(schema, this.#options.formats ?? [], source);
    return this.#showFormatted(source, formatted, isStream);
  }

  #showFormatted(source: string, schema: Schema, isStream: boolean): ShownSchema {
    const fields = chooseFields(schema, this.#options.fields, source);
    this.#sources += 1;
    return { source, schema, fields, isStream };
  }
}

interface BatchOfStream {
  readonly batch: Uint8Array;
  readonly framing: Framing;
  readonly predicate: Predicate | undefined;
}

function startsOf(
  { bytes, view, stride }: { bytes: Uint8Array; view: DataView; stride: number },
  predicate: Predicate | undefined,
): Int32Array {
  const count = Math.floor(bytes.length / stride);
  const starts = new Int32Array(count);
  let used = 0;
  for (let i = 0; i < count; i++) {
    const at = i * stride;
    if (predicate === undefined || predicate(bytes, view, at)) starts[used++] = at;
  }
  return starts.subarray(0, used);
}
