/** Feed of the page of all runs: their list, and what each one writes to its log. */
import type { LogLine } from "../log_line.ts";
import { type LogRecord, recordOf } from "../log_record.ts";
import { FeedPages } from "./pages.ts";

/** Run as the page shows it. */
export interface RunRow {
  readonly name: string;
  readonly status: string;
  readonly pid: number | null;
  readonly restarts: number;
  readonly started: string;
  readonly module: string;
}

/** Name of the list. */
const LIST = "runs";
/** Rows of one source that a page begins with, and in one message. */
const RECENT_ROWS = 500, MAX_ROWS = 2000;
/** Lines of text that a page begins with. */
const RECENT_LINES = 240;
/** Sources of one run, and fields of one source; more are left out. */
const MAX_SOURCES = 16, MAX_FIELDS = 200;
/** Longer lines are not records. */
const MAX_RECORD_CHARACTERS = 1 << 16;
/** Milliseconds between two messages with rows. */
const SEND_MS = 100;

interface Field {
  readonly name: string;
  readonly path: readonly string[];
  readonly isNumber: boolean;
  readonly format: string;
}

interface Source {
  readonly id: number;
  readonly name: string;
  readonly isStream: boolean;
  readonly fields: readonly Field[];
  /** Rows that wait to be sent. */
  rows: string[];
  recent: string[];
  left: number;
  total: number;
}

/** Sends the list of runs, and their records, to pages. */
export class RunsHub {
  readonly #version: string;
  readonly #startedMs = Date.now();
  readonly #pages = new FeedPages();
  readonly #sources = new Map<string, Source>();
  readonly #perRun = new Map<string, number>();
  readonly #lines: string[] = [];
  #timer: number | undefined;

  /** @param version of wasm-bpf */
  constructor(version: string) {
    this.#version = version;
    const fields = ["name", "status", "pid", "restarts", "started", "module"].map((name) => ({
      name,
      path: [name],
      isNumber: name === "pid" || name === "restarts",
      format: "",
    }));
    this.#add({ name: LIST, isStream: false, fields });
  }

  /** Takes the runs as they are now. */
  list(runs: readonly RunRow[]): void {
    const source = this.#sources.get(LIST);
    if (source === undefined) return;
    source.recent = runs.map((run) => JSON.stringify(run));
    source.total = runs.length;
    this.#pages.send(rowsMessage(source, source.recent), { canSkip: true });
  }

  /** Takes lines of a run's log, in order. */
  take(run: string, lines: readonly LogLine[]): void {
    for (const { stream, text } of lines) {
      const row = stream === "stdout" ? rowOf(text) : undefined;
      const source = row === undefined ? undefined : this.#sourceOf(run, row);
      if (source === undefined) this.#line(run, text);
      else this.#row(source, text);
    }
    this.#timer ??= setTimeout(() => this.#flush(), SEND_MS);
  }

  /** Returns the feed of one page, or undefined when too many are open. */
  subscribe(): ReadableStream<Uint8Array> | undefined {
    return this.#pages.subscribe(() => {
      const sources = [...this.#sources.values()];
      const hello = {
        t: "hello",
        name: "all runs",
        version: this.#version,
        startedMs: this.#startedMs,
      };
      return [
        JSON.stringify(hello),
        ...sources.map(openMessage),
        ...sources.filter(({ recent }) => recent.length > 0)
          .map((source) => rowsMessage(source, source.recent)),
        ...this.#lines,
      ];
    });
  }

  /** Ends all feeds. */
  end(): void {
    clearTimeout(this.#timer);
    this.#flush();
    this.#pages.end();
  }

  #add(parts: Pick<Source, "name" | "isStream" | "fields">): Source {
    const id = this.#sources.size;
    const source = { ...parts, id, rows: [], recent: [], left: 0, total: 0 };
    this.#sources.set(parts.name, source);
    this.#pages.send(openMessage(source));
    return source;
  }

  /** Returns the source of a record: of the run, and of the map that the record names. */
  #sourceOf(run: string, row: LogRecord): Source | undefined {
    const { source } = row;
    const name = typeof source === "string" && source !== "" ? `${run}: ${source}` : `${run}:`;
    const known = this.#sources.get(name);
    if (known !== undefined) return known;
    const count = this.#perRun.get(run) ?? 0;
    if (count >= MAX_SOURCES) return undefined;
    this.#perRun.set(run, count + 1);
    return this.#add({ name, isStream: true, fields: fieldsOf(row, []).slice(0, MAX_FIELDS) });
  }

  #row(source: Source, text: string): void {
    source.total += 1;
    source.recent.push(text);
    if (source.recent.length > RECENT_ROWS) source.recent.shift();
    if (this.#pages.size === 0) return;
    if (source.rows.length < MAX_ROWS) source.rows.push(text);
    else source.left += 1;
  }

  #line(run: string, line: string): void {
    const text = { t: "text", at: Date.now(), source: `${run} log`, line: line.slice(0, 4096) };
    const message = JSON.stringify(text);
    this.#lines.push(message);
    if (this.#lines.length > RECENT_LINES) this.#lines.shift();
    this.#pages.send(message, { canSkip: true });
  }

  #flush(): void {
    this.#timer = undefined;
    for (const source of this.#sources.values()) {
      if (source.rows.length === 0) continue;
      this.#pages.send(rowsMessage(source, source.rows), { canSkip: true });
      [source.rows, source.left] = [[], 0];
    }
  }
}

/** Returns the object that a line is, if it is one. */
function rowOf(text: string): LogRecord | undefined {
  return text.length > MAX_RECORD_CHARACTERS ? undefined : recordOf(text);
}

/** Structs within each other that become columns. */
const MAX_NESTING = 8;

function fieldsOf(row: LogRecord, path: readonly string[]): Field[] {
  return Object.entries(row).flatMap(([name, value]): Field[] => {
    const own = [...path, name];
    if (name === "__proto__" || (path.length === 0 && name === "source")) return [];
    if (
      typeof value === "object" && value !== null && !Array.isArray(value) &&
      own.length < MAX_NESTING
    ) {
      return fieldsOf(value as LogRecord, own);
    }
    return [{ name: own.join("."), path: own, isNumber: typeof value === "number", format: "" }];
  });
}

function openMessage({ id, name, isStream, fields }: Source): string {
  return JSON.stringify({ t: "open", id, source: name, isStream, fields, charted: [] });
}

function rowsMessage({ id, isStream, total, left }: Source, rows: readonly string[]): string {
  return `{"t":"rows","at":${Date.now()},"id":${id},"begin":${!isStream},"total":${total},` +
    `"left":${left},"rows":[${rows.join(",")}]}`;
}
