/** Sources of records: facts about them, and errors about their names. */
import { HostError } from "../ffi/errors.ts";
import { nearest } from "../ffi/nearest.ts";
import type { Framing, Schema, ValuePlan } from "../records/mod.ts";

/**
 * Kind of a source: events as they come, rows of a table at intervals, lines of text, or events whose
 * type is not known.
 */
export type SourceKind = "events" | "table" | "text" | "bytes";

/** Facts about a source, as they are sent between threads. */
export interface SourceFacts {
  /** Name of the source. */
  readonly name: string;
  /** Kind of its records. */
  readonly kind: SourceKind;
  /** Layout of its batches. */
  readonly framing: Framing;
  /** Names, places and formats of the fields; empty for text and bytes. */
  readonly schema: Schema;
  /** Values of a record; undefined for text and bytes. */
  readonly plan: ValuePlan | undefined;
}

/** Source of a run. */
export interface SourceInfo extends Pick<SourceFacts, "name" | "kind" | "schema"> {
  /** Records that came so far. */
  readonly records: number;
  /** Records of these that no iterator took, or that had no room in one. */
  readonly dropped: number;
}

/** Records as they came, and what is needed to read them. */
export interface RecordBatch extends SourceFacts {
  /** Bytes of the records. */
  readonly bytes: Uint8Array;
  /** Number of the interval, from 0 on; rows of one look at a table have the same. */
  readonly interval: number;
}

/** Schema of text and of bytes. */
export function noSchema(name: string): Schema {
  return { name, size: 1, fields: [] };
}

/** Names in a hint. */
const SHOWN_NAMES = 20;

/** Returns the error for a source that a run does not have, with the nearest name. */
export function noSource(run: string, wanted: string, known: readonly string[]): HostError {
  const close = nearest(wanted, [...known]);
  const listed = known.slice(0, SHOWN_NAMES).map((name) => `"${name}"`).join(", ");
  const hint = known.length === 0
    ? "it emits no records"
    : `${close === undefined ? "" : `did you mean "${close}"? `}sources: ${listed}`;
  return new HostError(`Cannot read records of "${wanted}" of ${run}: no such source`, {
    code: "NO_SOURCE",
    hint,
  });
}
