/** Settings of records on a command line. */
import {
  type AggregateSpec,
  type FieldChoice,
  type Format,
  OUTPUT_FORMATS,
  type OutputFormat,
  parseAggregate,
  parseFields,
  parseFormats,
  parseSort,
  type SortKey,
} from "../../records/mod.ts";
import { parseDuration } from "../terminal/duration.ts";
import { type PartOfLine } from "../args/options.ts";
import { nearest } from "../../ffi/nearest.ts";
import type { RecordOption } from "../args/record_options.ts";
import { UsageError } from "../errors.ts";

/** Values of the options for records; wrong ones are reported before anything runs. */
export interface RecordSettings {
  /** Sinks; columns on standard output if none was given. */
  readonly outputs: readonly { readonly format: OutputFormat; readonly file?: string }[];
  readonly fields?: FieldChoice;
  readonly filter?: string;
  readonly sort?: readonly SortKey[];
  readonly limit?: number;
  readonly intervalMs?: number;
  readonly count?: number;
  readonly aggregate?: AggregateSpec;
  readonly formats: readonly { readonly field: string; readonly format: Format }[];
  readonly time?: boolean;
  readonly isTop: boolean;
  readonly isUtc: boolean;
  readonly isExact: boolean;
  readonly isFolded: boolean;
  readonly color: "auto" | "always" | "never";
}

/**
 * Returns the settings on a command line.
 *
 * @throws {UsageError} for a wrong value
 * @throws {RecordsError} for a wrong field list, order or format
 */
export function recordSettings({ values, lists, flags }: PartOfLine<RecordOption>): RecordSettings {
  const { fields, filter, sort, limit, interval, count, aggregate } = values;
  const outputs = (lists?.output ?? ["columns"]).map(parseOutput);
  checkOutputs(outputs);
  return {
    outputs,
    ...(fields === undefined ? {} : { fields: parseFields(fields) }),
    ...(filter === undefined ? {} : { filter }),
    ...(sort === undefined ? {} : { sort: parseSort(sort) }),
    ...(limit === undefined ? {} : { limit: parseCount(limit, "--limit") }),
    ...intervalOf(interval, flags.has("top")),
    ...(count === undefined ? {} : { count: parseCount(count, "--count") }),
    ...(aggregate === undefined ? {} : { aggregate: parseAggregate(aggregate) }),
    formats: (lists?.as ?? []).flatMap(parseFormats),
    ...(flags.has("no-time") ? { time: false } : flags.has("time") ? { time: true } : {}),
    isTop: flags.has("top"),
    isUtc: flags.has("utc"),
    isExact: flags.has("exact"),
    isFolded: flags.has("folded"),
    color: parseColor(values.color ?? "auto"),
  };
}

function parseOutput(text: string): RecordSettings["outputs"][number] {
  const equals = text.indexOf("=");
  const format = equals < 0 ? text : text.slice(0, equals);
  const known = OUTPUT_FORMATS.find((each) => each === format);
  if (known === undefined || equals === text.length - 1) {
    const close = nearest(format, [...OUTPUT_FORMATS]);
    throw new UsageError(
      `Cannot use -o "${text}": ${known === undefined ? "unknown format" : "missing file"}`,
      close !== undefined && close !== format
        ? `did you mean ${close}?`
        : `write FORMAT or FORMAT=FILE; formats: ${OUTPUT_FORMATS.join(", ")}`,
    );
  }
  return equals < 0 ? { format: known } : { format: known, file: text.slice(equals + 1) };
}

/** Two formats in one place would mix. */
function checkOutputs(outputs: RecordSettings["outputs"]): void {
  const places = outputs.map(({ file }) => file ?? "-");
  const twice = places.find((place, i) => places.indexOf(place) < i);
  if (twice === undefined) return;
  const name = twice === "-" ? "standard output" : `"${twice}"`;
  throw new UsageError(`Cannot write two formats to ${name}`, "give one a file: -o jsonl=FILE");
}

/** Screens are redrawn each second unless --interval is given. */
const TOP_INTERVAL_MS = 1000;

function intervalOf(text: string | undefined, isTop: boolean): { intervalMs?: number } {
  if (text !== undefined) return { intervalMs: parseDuration(text, "--interval") };
  return isTop ? { intervalMs: TOP_INTERVAL_MS } : {};
}

function parseCount(text: string, option: string): number {
  const count = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (count > 0) return count;
  throw new UsageError(`Cannot use ${option} "${text}": not a number from 1 on`);
}

function parseColor(text: string): RecordSettings["color"] {
  if (text === "auto" || text === "always" || text === "never") return text;
  throw new UsageError(`Cannot use --color "${text}": not auto, always or never`);
}
