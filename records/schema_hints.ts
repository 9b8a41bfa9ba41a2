/** Facts about fields that take precedence over their annotations, or follow from their format. */
import type { Format } from "./format.ts";
import type { MetricKind } from "./schema.ts";

/** Facts about one field that take precedence over its annotations. */
export interface FieldHint {
  /** Look of the value. */
  readonly format?: Format;
  /** Unit of the value. */
  readonly unit?: string;
  /** Meaning of the field. */
  readonly help?: string;
  /** True to show it on request only; false to show it always, also in tables. */
  readonly hidden?: boolean;
  /** Kind of metric. */
  readonly metric?: MetricKind;
  /** True for a label of metrics. */
  readonly isLabel?: boolean;
}

/** Facts about a schema that its BTF lacks. */
export interface SchemaHints {
  /** Name of the schema; default: of the struct. */
  readonly name?: string;
  /** Name of the only field of a type that is not a struct; default: `value`. */
  readonly scalar?: string;
  /** True for types of Inspektor Gadget's headers, whose `_raw` members are named without it. */
  readonly isGadget?: boolean;
  /** True for framed records, whose size shows how long a flexible array at their end is. */
  readonly isFramed?: boolean;
  /** By dotted name. */
  readonly fields?: Readonly<Record<string, FieldHint>>;
  /** Evaluates a condition of `SHOWN_IF`; without it, all such members are shown. */
  readonly isShown?: (condition: string) => boolean;
}

/** Returns the unit that a format implies. */
export function unitOf({ name }: Format): string | undefined {
  if (name === "ns" || name === "us" || name === "ms" || name === "s") return name;
  return name === "size" ? "bytes" : undefined;
}

/** Returns the kind of metric of that name; undefined for another name. */
export function metricOf(text: string | undefined): MetricKind | undefined {
  return text === "counter" || text === "gauge" || text === "histogram" ? text : undefined;
}
