/** Strict parser of Prometheus' text format 0.0.4 and of OpenMetrics 1.0, for tests. */

/** One line with a value. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One family, with its lines in order. */
export interface ParsedFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: Sample[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const NUMBER = /^(?:[+-]?Inf|NaN|[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)$/;

/**
 * Reads a whole exposition.
 *
 * @throws for anything that a strict reader refuses: a line of no form, a sample outside its family, the
 *   same series twice, buckets that fall
 */
export function parseExposition(text: string, { isOpen = false } = {}): Map<string, ParsedFamily> {
  if (!text.endsWith("\n")) throw new Error("the last line has no line feed");
  const lines = text.slice(0, -1).split("\n");
  if (isOpen && lines.pop() !== "# EOF") throw new Error("no # EOF at the end");
  const families = new Map<string, ParsedFamily>();
  const seen = new Set<string>();
  let help: { name: string; text: string } | undefined;
  let current: ParsedFamily | undefined;
  for (const line of lines) {
    const [, word = "", name = "", rest = ""] = /^# (HELP|TYPE|UNIT) (\S+) (.*)$/.exec(line) ?? [];
    if (word === "HELP") {
      help = { name, text: rest };
      continue;
    }
    if (word === "UNIT") {
      if (!isOpen || current?.name !== name || !name.endsWith(`_${rest}`)) fail(line);
      continue;
    }
    if (word === "TYPE") {
      if (!NAME.test(name) || help?.name !== name || families.has(name)) fail(line);
      if (!/^(counter|gauge|histogram)$/.test(rest)) fail(line);
      current = { name, type: rest, help: help.text, samples: [] };
      families.set(name, current);
      continue;
    }
    const sample = parseSample(line);
    if (current === undefined || !isOf(sample.name, current, isOpen)) fail(line);
    const key = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`;
    if (seen.has(key)) throw new Error(`twice: ${line}`);
    seen.add(key);
    current.samples.push(sample);
  }
  for (const family of families.values()) checkBuckets(family);
  return families;
}

function fail(line: string): never {
  throw new Error(`not valid: ${JSON.stringify(line)}`);
}

function isOf(name: string, { name: family, type }: ParsedFamily, isOpen: boolean): boolean {
  if (type === "histogram") {
    return [`${family}_bucket`, `${family}_sum`, `${family}_count`].includes(name);
  }
  return name === (isOpen && type === "counter" ? `${family}_total` : family);
}

function parseSample(line: string): Sample {
  const [, name = "", block, value = ""] =
    /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/s.exec(line) ?? fail(line);
  if (!NUMBER.test(value)) fail(line);
  const labels: Record<string, string> = Object.create(null);
  let rest = block ?? "";
  while (rest !== "") {
    const match = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"(?:,|$)/.exec(rest);
    if (match === null) fail(line);
    const [whole, label = "", text = ""] = match;
    if (label in labels) fail(line);
    labels[label] = text.replaceAll(
      /\\(.)/g,
      (_, escaped: string) => escaped === "n" ? "\n" : escaped,
    );
    rest = rest.slice(whole.length);
  }
  return { name, labels, value: Number(value.replace("Inf", "Infinity")) };
}

/** Buckets grow up to +Inf, which is the count. */
function checkBuckets({ name, type, samples }: ParsedFamily): void {
  if (type !== "histogram") return;
  const last = new Map<string, { le: number; value: number }>();
  for (const { name: sample, labels: { le, ...labels }, value } of samples) {
    const key = JSON.stringify(labels);
    const before = last.get(key);
    if (sample === `${name}_bucket`) {
      const bound = le === "+Inf" ? Infinity : Number(le);
      if (before !== undefined && (bound <= before.le || value < before.value)) {
        fail(`${name} ${le}`);
      }
      last.set(key, { le: bound, value });
    } else if (sample === `${name}_count`) {
      if (before?.le !== Infinity || before.value !== value) fail(`${name}_count ${value}`);
    }
  }
}

/** Returns the value of the only series that has these labels. */
export function valueOf(
  families: ReadonlyMap<string, ParsedFamily>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  for (const { samples } of families.values()) {
    for (const sample of samples) {
      const isIt = sample.name === name &&
        Object.entries(labels).every(([label, value]) => sample.labels[label] === value);
      if (isIt) return sample.value;
    }
  }
  return undefined;
}
