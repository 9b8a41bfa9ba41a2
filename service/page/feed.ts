/// <reference lib="dom" />
/** Feed of a run: messages of JSON, a line each, read with the token of the page's link. */

/** Field of a source. */
export interface PageField {
  readonly name: string;
  readonly path: readonly string[];
  readonly isNumber: boolean;
  readonly format: string;
  readonly unit?: string;
  readonly help?: string;
}

/** Record, or a value within one. */
export type Value = string | number | bigint | boolean | null | Value[] | { [name: string]: Value };

/** Record as an object. */
export type Row = { [name: string]: Value };

/** Program of a run. */
export interface ProgramRow {
  readonly program: string;
  readonly section: string;
  readonly runs: number | null;
  readonly runTimeNs: number | null;
  readonly missedRuns: number | null;
}

/** Message of the feed. */
export type Message =
  | { t: "hello"; name: string; version: string; startedMs: number }
  | {
    t: "open";
    id: number;
    source: string;
    isStream: boolean;
    fields: PageField[];
    charted: (string | null)[];
    weight?: string;
  }
  | { t: "rows"; at: number; id: number; begin: boolean; total: number; left: number; rows: Row[] }
  | {
    t: "blocks";
    at: number;
    source: string;
    kind: "histogram" | "stacks" | "bytes";
    isCleared: boolean;
    items: Row[];
  }
  | { t: "text"; at: number; source: string; line: string }
  | {
    t: "stats";
    at: number;
    programs: ProgramRow[];
    buffers: { map: string; deliveredEvents: number; lostEvents: number | null }[];
    errors: Record<string, number>;
  }
  | { t: "skipped"; messages: number }
  | { t: "end" };

/** Numbers of so many digits may not be exact in JavaScript. */
const LONG = /[^"\d]-?\d{16,}/;

/** Reads a line; integers keep their digits. */
export function parse(line: string): Message {
  if (!LONG.test(line)) return JSON.parse(line) as Message;
  const revive = (_: string, value: unknown, context?: { source?: string }) => {
    const source = context?.source;
    const isLong = typeof value === "number" && !Number.isSafeInteger(value) &&
      source !== undefined && /^-?\d+$/.test(source);
    return isLong ? BigInt(source) : value;
  };
  return JSON.parse(line, revive as (key: string, value: unknown) => unknown) as Message;
}

/** State of the connection, in words. */
export type State = "live" | "ended" | "refused" | "lost";

/**
 * Reads the feed until its end.
 *
 * @param token text after # in the page's address
 */
export async function readFeed(
  token: string,
  take: (message: Message) => void,
): Promise<State> {
  const response = await fetch("/feed", {
    headers: { authorization: `Bearer ${token}` },
    cache: "no-store",
    credentials: "omit",
  });
  if (!response.ok || response.body === null) return "refused";
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let state: State = "lost";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return state;
    const lines = (rest + value).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const message = parse(line);
      if (message.t === "end") state = "ended";
      take(message);
    }
  }
}
