/** Prometheus' text format 0.0.4, and OpenMetrics 1.0. */
import { escapeHelp, escapeLabel } from "./names.ts";
import type { Family, Registry, Series } from "./registry.ts";

/** Content type and body of a response. */
export interface Exposition {
  readonly type: string;
  readonly body: string;
}

const TEXT = "text/plain; version=0.0.4; charset=utf-8";
const OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/** Returns all series in the format that an Accept header asks for; text by default. */
export function exposition(registry: Registry, accept: string | null): Exposition {
  const isOpen = prefersOpenMetrics(accept ?? "");
  const lines: string[] = [];
  for (const family of registry.families()) write(lines, family, isOpen);
  if (isOpen) lines.push("# EOF");
  return { type: isOpen ? OPEN_METRICS : TEXT, body: `${lines.join("\n")}\n` };
}

function prefersOpenMetrics(accept: string): boolean {
  let [open, text] = [0, 0];
  for (const range of accept.split(",")) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const q = parameters.find((part) => part.startsWith("q="))?.slice(2);
    const version = parameters.find((part) => part.startsWith("version="))?.slice(8);
    const weight = q === undefined ? 1 : Number(q) || 0;
    if (type === "application/openmetrics-text") {
      if (version === undefined || version === "1.0.0") open = Math.max(open, weight);
    } else if (type === "text/plain" || type === "*/*" || type === "text/*") {
      text = Math.max(text, weight);
    }
  }
  return open > 0 && open >= text;
}

function write(lines: string[], family: Family, isOpen: boolean): void {
  const { name, kind, help, unit } = family.spec;
  const series = [...family.all()];
  if (series.length === 0) return;
  // OpenMetrics names a counter's family without the suffix of its samples.
  const title = isOpen && kind === "counter" ? name.replace(/_total$/, "") : name;
  lines.push(`# HELP ${title} ${isOpen ? escapeLabel(help) : escapeHelp(help)}`);
  lines.push(`# TYPE ${title} ${kind}`);
  if (isOpen && unit !== undefined && title.endsWith(`_${unit}`)) {
    lines.push(`# UNIT ${title} ${unit}`);
  }
  if (kind === "histogram") writeHistogram(lines, family, series);
  else for (const one of series) lines.push(`${name}${labelsOf(family, one)} ${number(one.value)}`);
}

/** All series of a family have the same buckets, so that they can be added up. */
function writeHistogram(lines: string[], family: Family, series: readonly Series[]): void {
  const { name } = family.spec;
  const bounds = boundsOf(series);
  for (const one of series) {
    let count = 0;
    for (const bound of bounds) {
      count += one.buckets.get(bound) ?? 0;
      if (bound === Infinity) continue;
      const le = `le="${float(bound)}"`;
      lines.push(`${name}_bucket${labelsOf(family, one, le)} ${number(count)}`);
    }
    lines.push(`${name}_bucket${labelsOf(family, one, 'le="+Inf"')} ${number(count)}`);
    if (one.sum !== undefined) {
      lines.push(`${name}_sum${labelsOf(family, one)} ${number(one.sum)}`);
    }
    lines.push(`${name}_count${labelsOf(family, one)} ${number(count)}`);
  }
}

/** Returns all bounds of a family's buckets in order. */
export function boundsOf(series: readonly Series[]): number[] {
  const bounds = new Set<number>();
  for (const { buckets } of series) for (const bound of buckets.keys()) bounds.add(bound);
  return [...bounds].sort((a, b) => a - b);
}

function labelsOf({ labels }: Family, series: Series, more?: string): string {
  const pairs = series.labels === undefined
    ? ['overflow="true"']
    : labels.map((label, i) => `${label}="${escapeLabel(series.labels?.[i] ?? "")}"`);
  if (more !== undefined) pairs.push(more);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function number(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  return `${value}`;
}

/** A bound is the same text in both formats, so that it is the same series. */
function float(value: number): string {
  const text = `${value}`;
  return /[.e]/.test(text) ? text : `${text}.0`;
}
