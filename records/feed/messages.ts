/**
 * Messages of a feed: records on their way to another process, which formats and counts them there.
 *
 * Each is `{ u32 bytes after this; u8 kind; u8 flags; u16 0; payload }`, little-endian. The payload of
 * {@linkcode FeedKind.Rows} is `{ u32 source; u32 count; f64 total; rows }`, all others are JSON.
 */
import type { MetricPlan } from "../metric_plan.ts";
import type { Schema } from "../schema.ts";

/** Kinds of messages. */
export const FeedKind = {
  /** Settings of the receiver; the first message. */
  Config: 1,
  /** New source: {@linkcode FeedSource}. */
  Open: 2,
  /** Packed records of a source. */
  Rows: 3,
  /** Charts, stacks or bytes: {@linkcode FeedBlocks}. */
  Blocks: 4,
  /** Line of text: {@linkcode FeedText}. */
  Text: 5,
  /** Figures of the run itself. */
  Stats: 6,
  /** End of the run. */
  End: 7,
} as const;

/** Flags of rows. */
export const RowsFlag = {
  /** First rows of a table's interval. */
  Begin: 1,
  /** Last rows of a table's interval. */
  End: 2,
} as const;

/** Bytes before the payload. */
export const FEED_HEADER_BYTES = 8;
/** Bytes before the rows of a message with rows. */
export const ROWS_HEADER_BYTES = FEED_HEADER_BYTES + 16;
/** Longest message; schemas of hostile BTF are the longest. */
export const MAX_FEED_BYTES = 64 << 20;

/** Source as its receiver gets it. */
export interface FeedSource {
  /** Number of the source in messages with rows. */
  readonly id: number;
  /** Name of the source. */
  readonly source: string;
  /** All fields. */
  readonly schema: Schema;
  /** Names of the fields that are shown, in order. */
  readonly shown: readonly string[];
  /** True for events, false for rows of a table. */
  readonly isStream: boolean;
  /** True if each interval of a table starts from nothing. */
  readonly isCleared: boolean;
  /** Metrics made of the records. */
  readonly metrics: readonly MetricPlan[];
}

/** Charts, stacks or bytes, in the form that JSON sinks print. */
export interface FeedBlocks {
  /** Name of the source. */
  readonly source: string;
  /** Form of the items. */
  readonly kind: "histogram" | "stacks" | "bytes";
  /** True if each interval starts from nothing. */
  readonly isCleared: boolean;
  /** Records so far, these included. */
  readonly total: number;
  /** Objects of JSON. */
  readonly items: readonly string[];
}

/** Line of text of a source. */
export interface FeedText {
  /** Name of the source. */
  readonly source: string;
  /** Text without its line feed. */
  readonly line: string;
}

const encoder = new TextEncoder();

/** Returns a message whose payload is JSON; bigints become objects that {@linkcode parseFeed} reads. */
export function feedMessage(kind: number, value: unknown): Uint8Array<ArrayBuffer> {
  const text = JSON.stringify(
    value,
    (_, each) => typeof each === "bigint" ? { bigint: `${each}` } : each,
  );
  const payload = encoder.encode(text);
  const message = new Uint8Array(FEED_HEADER_BYTES + payload.length);
  setHeader(message, kind, 0);
  message.set(payload, FEED_HEADER_BYTES);
  return message;
}

/** Writes the header of a whole message. */
export function setHeader(message: Uint8Array, kind: number, flags: number): void {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  view.setUint32(0, message.length - 4, true);
  view.setUint32(4, kind | flags << 8, true);
}

/** Returns the kind of a message. */
export function feedKind(message: Uint8Array): number {
  return message[4] ?? 0;
}

/** Returns the value of a payload of JSON. */
export function parseFeed(payload: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(payload), (_, each) => {
    const isBigint = typeof each === "object" && each !== null && typeof each.bigint === "string";
    return isBigint ? BigInt(each.bigint) : each;
  });
}
