/** Names and texts of Prometheus: every name that comes from an object or a guest is made valid here. */

/** Longest part of a name that comes from elsewhere; names of the kernel have at most 127 bytes. */
const MAX_NAME = 128;
/** Longest value of a label, in characters. */
const MAX_LABEL_VALUE = 256;

/** Base unit of a value, and the factor to it. */
export interface BaseUnit {
  /** Suffix of names; empty for a number without a unit. */
  readonly suffix: string;
  readonly factor: number;
}

const NO_UNIT: BaseUnit = { suffix: "", factor: 1 };

const UNITS: ReadonlyMap<string, BaseUnit> = new Map([
  ...(["ns", "nsec", "nsecs", "nanoseconds"].map((word) => [word, seconds(1e-9)] as const)),
  ...(["us", "usec", "usecs", "microseconds"].map((word) => [word, seconds(1e-6)] as const)),
  ...(["ms", "msec", "msecs", "milliseconds"].map((word) => [word, seconds(1e-3)] as const)),
  ...(["s", "sec", "secs", "seconds"].map((word) => [word, seconds(1)] as const)),
  ...(["b", "bytes", "size"].map((word) => [word, bytes(1)] as const)),
  ...(["kb", "kbytes", "kib", "kilobytes"].map((word) => [word, bytes(1024)] as const)),
]);

function seconds(factor: number): BaseUnit {
  return { suffix: "seconds", factor };
}

function bytes(factor: number): BaseUnit {
  return { suffix: "bytes", factor };
}

/** Returns the base unit of a unit such as `usecs`; an unknown unit is a suffix as it is. */
export function baseUnit(unit: string | undefined): BaseUnit {
  if (unit === undefined || unit === "" || unit === "value") return NO_UNIT;
  const known = UNITS.get(unit.toLowerCase());
  return known ?? { suffix: namePart(unit), factor: 1 };
}

/** Returns a part of a metric's name: lower-case words joined by underscores. */
export function namePart(text: string): string {
  const words = text.slice(0, MAX_NAME).replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
  return words.replaceAll(/[^a-z0-9]+/g, "_").replaceAll(/^_+|_+$/g, "") || "unnamed";
}

/** Suffixes that Prometheus keeps for kinds of metrics. */
const RESERVED = /_(total|count|sum|bucket|info|created)$/;

/**
 * Returns the name of a metric of records.
 *
 * @param parts source, and field if there is one
 */
export function metricName(
  parts: readonly string[],
  { kind, unit }: { kind: "counter" | "gauge" | "histogram"; unit: BaseUnit },
): string {
  let name = `wasm_bpf_record_${parts.map(namePart).join("_")}`;
  if (unit.suffix !== "") {
    const suffix = unit.suffix;
    // The unit may be the last word of the field's name already: lat_ns.
    name = name.replace(/_(ns|us|ms|s|nsecs?|usecs?|msecs?|secs?|seconds|kb|bytes)$/, "");
    name = `${name}_${suffix}`;
  }
  while (RESERVED.test(name)) name = `${name}_value`;
  return kind === "counter" ? `${name}_total` : name;
}

/** Names of labels that have a meaning already. */
const TAKEN = new Set(["le", "quantile", "overflow", "job", "instance"]);

/** Returns valid and different names of labels. */
export function labelNames(names: readonly string[]): string[] {
  const used = new Set<string>();
  return names.map((name) => {
    let label = name.slice(0, MAX_NAME).replaceAll(/[^a-zA-Z0-9_]+/g, "_").replace(/^_+/, "");
    if (label === "" || /^\d/.test(label)) label = `field_${label}`;
    if (TAKEN.has(label)) label = `${label}_`;
    const base = label;
    for (let i = 2; used.has(label); i++) label = `${base}_${i}`;
    used.add(label);
    return label;
  });
}

/** Returns a bounded and well-formed value of a label. */
export function labelValue(text: string): string {
  const cut = text.length <= MAX_LABEL_VALUE ? text : `${text.slice(0, MAX_LABEL_VALUE - 1)}…`;
  return cut.toWellFormed();
}

/** Returns a value of a label between its quotes. */
export function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

/** Returns the text of a HELP line. */
export function escapeHelp(text: string): string {
  return text.toWellFormed().replaceAll("\\", "\\\\").replaceAll(/[\n\r]/g, "\\n");
}
