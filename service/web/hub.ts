/** Everything that pages are sent: what is new, and to a page that opens what it needs to begin. */
import {
  type FeedBlocks,
  type FeedSource,
  type FeedText,
  isNumber,
  type JsonText,
  RowsFlag,
  type TextMaker,
} from "../../records/mod.ts";
import type { RunFigures, RunIdentity } from "../run_stats.ts";
import { FeedPages } from "./pages.ts";

/** Milliseconds between two messages with rows. */
const SEND_MS = 100;
/** Rows of one source in one message; of more, the newest are left out and counted. */
const MAX_ROWS = 2000;
/** Bytes of events that a page begins with. */
const RECENT_BYTES = 128 << 10;
/** Charts and lines that a page begins with. */
const RECENT_ITEMS = 240;

interface HubSource {
  readonly opened: FeedSource;
  readonly text: JsonText;
  /** Rows that wait to be sent. */
  rows: string[];
  left: number;
  total: number;
  flags: number;
  recent: Uint8Array[];
  recentBytes: number;
}

/** Sends a feed to pages; formats nothing while none is open. */
export class PageHub {
  readonly #identity: RunIdentity;
  readonly #texts: TextMaker;
  readonly #sources = new Map<number, HubSource>();
  readonly #pages = new FeedPages();
  readonly #recent: string[] = [];
  #figures: string | undefined;
  #timer: number | undefined;

  constructor(identity: RunIdentity, texts: TextMaker) {
    this.#identity = identity;
    this.#texts = texts;
  }

  /** Adds a source. */
  open(opened: FeedSource): void {
    const shown = opened.shown.flatMap((name) =>
      opened.schema.fields.find((field) => field.name === name) ?? []
    );
    this.#sources.set(opened.id, {
      opened,
      text: this.#texts.json(shown),
      rows: [],
      left: 0,
      total: 0,
      flags: 0,
      recent: [],
      recentBytes: 0,
    });
    this.#pages.send(openMessage(opened));
  }

  /** Takes rows of a source; the bytes are the caller's. */
  rows(id: number, rows: Uint8Array, { flags, total }: { flags: number; total: number }): void {
    const source = this.#sources.get(id);
    if (source === undefined) return;
    this.#remember(source, rows, flags);
    source.total = total;
    if (this.#pages.size === 0) return;
    if (!source.opened.isStream && (flags & RowsFlag.Begin) !== 0) source.rows = [];
    source.flags |= flags;
    this.#format(source, rows);
    this.#timer ??= setTimeout(() => this.#flush(), SEND_MS);
  }

  #remember(source: HubSource, rows: Uint8Array, flags: number): void {
    const isNew = !source.opened.isStream && (flags & RowsFlag.Begin) !== 0;
    if (isNew) [source.recent, source.recentBytes] = [[], 0];
    source.recent.push(rows.slice());
    source.recentBytes += rows.length;
    while (
      source.opened.isStream && source.recentBytes > RECENT_BYTES && source.recent.length > 1
    ) {
      source.recentBytes -= source.recent.shift()?.length ?? 0;
    }
  }

  #format(source: HubSource, rows: Uint8Array): void {
    const { size } = source.opened.schema;
    const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
    for (let at = 0; at + size <= rows.length; at += size) {
      if (source.rows.length < MAX_ROWS) source.rows.push(source.text(rows, view, at));
      else source.left += 1;
    }
  }

  #flush(): void {
    this.#timer = undefined;
    for (const source of this.#sources.values()) {
      if (source.rows.length === 0 && source.flags === 0) continue;
      this.#pages.send(rowsMessage(source), { canSkip: true });
      [source.rows, source.left, source.flags] = [[], 0, 0];
    }
  }

  /** Takes charts, stacks or bytes. */
  blocks({ source, kind, items, isCleared }: FeedBlocks): void {
    const list = items.slice(0, MAX_ROWS).join(",");
    this.#item(
      `{"t":"blocks","at":${Date.now()},"source":${JSON.stringify(source)},"kind":"${kind}",` +
        `"isCleared":${isCleared},"items":[${list}]}`,
    );
  }

  /** Takes a line of text. */
  line({ source, line }: FeedText): void {
    this.#item(JSON.stringify({ t: "text", at: Date.now(), source, line }));
  }

  #item(message: string): void {
    this.#recent.push(message);
    if (this.#recent.length > RECENT_ITEMS) this.#recent.shift();
    this.#pages.send(message, { canSkip: true });
  }

  /** Takes the figures of the run. */
  figures(figures: RunFigures): void {
    this.#figures = JSON.stringify({ t: "stats", at: Date.now(), ...figures });
    this.#pages.send(this.#figures, { canSkip: true });
  }

  /** Ends all pages' feeds. */
  end(): void {
    this.#flush();
    this.#pages.end();
  }

  /** Returns the feed of one page, or undefined when too many are open. */
  subscribe(): ReadableStream<Uint8Array> | undefined {
    return this.#pages.subscribe(() => {
      const { name, version, startedMs } = this.#identity;
      return [
        JSON.stringify({ t: "hello", name, version, startedMs }),
        ...[...this.#sources.values()].map(({ opened }) => openMessage(opened)),
        ...[...this.#sources.values()].flatMap((source) => this.#beginning(source)),
        ...this.#recent,
        ...(this.#figures === undefined ? [] : [this.#figures]),
      ];
    });
  }

  #beginning({ opened, text, recent, total }: HubSource): string[] {
    this.#texts.refresh();
    const rows: string[] = [];
    for (const bytes of recent) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (let at = 0; at + opened.schema.size <= bytes.length; at += opened.schema.size) {
        if (rows.length < MAX_ROWS) rows.push(text(bytes, view, at));
      }
    }
    const flags = RowsFlag.Begin | RowsFlag.End;
    return rows.length === 0 ? [] : [rowsMessage({ opened, rows, total, left: 0, flags })];
  }
}

function openMessage({ id, source, isStream, shown, schema, metrics }: FeedSource): string {
  const fields = shown.flatMap((name) => {
    const field = schema.fields.find((one) => one.name === name);
    if (field === undefined) return [];
    const { path, format, unit, help } = field;
    return [{ name, path, isNumber: isNumber(field), format: format.name, unit, help }];
  });
  const charted = metrics.map(({ field }) => field);
  return JSON.stringify({
    t: "open",
    id,
    source,
    isStream,
    fields,
    charted,
    weight: schema.weight,
  });
}

function rowsMessage(
  { opened, rows, total, left, flags }: Pick<
    HubSource,
    "opened" | "rows" | "total" | "left" | "flags"
  >,
): string {
  return `{"t":"rows","at":${Date.now()},"id":${opened.id},"begin":${
    (flags & RowsFlag.Begin) !== 0
  },"total":${total},"left":${left},"rows":[${rows.join(",")}]}`;
}
