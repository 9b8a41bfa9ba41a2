/** Rows of a source: the newest, in a ring, with filter and order. */
import type { PageField, Row, Value } from "./feed.ts";

/** Rows that are kept. */
export const MAX_ROWS = 20_000;

/** Row with the time of its reading. */
export interface Kept {
  readonly at: number;
  readonly row: Row;
}

/** Ring of the newest rows. */
export class RowRing {
  readonly #rows: Kept[] = [];
  #next = 0;

  add(at: number, row: Row): void {
    const kept = { at, row };
    if (this.#rows.length < MAX_ROWS) this.#rows.push(kept);
    else this.#rows[this.#next] = kept;
    this.#next = (this.#next + 1) % MAX_ROWS;
  }

  clear(): void {
    this.#rows.length = 0;
    this.#next = 0;
  }

  get size(): number {
    return this.#rows.length;
  }

  /** All rows, the newest first. */
  *newest(): Generator<Kept> {
    const { length } = this.#rows;
    for (let i = 1; i <= length; i++) {
      const kept = this.#rows[(this.#next - i + length * 2) % length];
      if (kept !== undefined) yield kept;
    }
  }
}

/** Returns the value of a field in a row. */
export function valueOf(row: Row, path: readonly string[]): Value | undefined {
  let value: Value | undefined = row;
  for (const name of path) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    value = Object.hasOwn(value, name) ? value[name] : undefined;
  }
  return value;
}

/** Returns the text of a value. */
export function textOf(value: Value | undefined): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "object") return stringify(value);
  return String(value);
}

/** Returns a value as JSON with all digits of integers. */
export function stringify(value: Value): string {
  if (typeof value === "bigint") return `${value}`;
  if (Array.isArray(value)) return `[${value.map(stringify).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).map(([name, each]) =>
      `${JSON.stringify(name)}:${stringify(each)}`
    );
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(value);
}

/** Test of a row. */
export type Test = (row: Row) => boolean;

const TERM = /^(!?)([\w.]+)(==?|!=|>=|<=|>|<|~)(.*)$/s;

/**
 * Returns the test of a filter: words that a row contains, and `field=value`, `!=`, `<`, `<=`, `>`, `>=`
 * or `~` for a part of its text. All must hold; quotes keep blanks.
 *
 * @returns the reason as text if a field is unknown
 */
export function testOf(text: string, fields: readonly PageField[]): Test | string {
  const tests: Test[] = [];
  for (const [, quoted, word] of text.matchAll(/"([^"]*)"|((?:"[^"]*"|\S)+)/g)) {
    const [, not, name = "", operator = "", raw = ""] = TERM.exec(word ?? "") ?? [];
    if (operator === "") {
      const wanted = (quoted ?? word ?? "").toLowerCase();
      tests.push((row) =>
        fields.some(({ path }) => textOf(valueOf(row, path)).toLowerCase().includes(wanted))
      );
      continue;
    }
    const field = fields.find((one) => one.name === name) ??
      fields.find(({ path }) => path[path.length - 1] === name);
    if (field === undefined) return `no field "${name}"`;
    const test = comparison(field, operator, raw.replace(/^"(.*)"$/s, "$1"));
    tests.push(not === "!" ? (row) => !test(row) : test);
  }
  return (row) => tests.every((test) => test(row));
}

function comparison({ path }: PageField, operator: string, wanted: string): Test {
  const number = wanted.trim() === "" ? NaN : Number(wanted);
  return (row) => {
    const value = valueOf(row, path);
    const text = textOf(value);
    if (operator === "~") return text.toLowerCase().includes(wanted.toLowerCase());
    const isNumber = !Number.isNaN(number) && text !== "" && !Number.isNaN(Number(text));
    const order = isNumber ? Number(text) - number : text < wanted ? -1 : text > wanted ? 1 : 0;
    switch (operator) {
      case "!=":
        return order !== 0;
      case "<":
        return order < 0;
      case "<=":
        return order <= 0;
      case ">":
        return order > 0;
      case ">=":
        return order >= 0;
      default:
        return order === 0;
    }
  };
}

/** Order of rows by a field. */
export interface RowOrder {
  readonly field: PageField;
  readonly descending: boolean;
}

/** Returns the first rows that a test lets through, in an order; the newest first without one. */
export function chosen(
  ring: RowRing,
  { test, order, limit }: { test: Test; order: RowOrder | undefined; limit: number },
): Kept[] {
  const found: Kept[] = [];
  for (const kept of ring.newest()) {
    if (!test(kept.row)) continue;
    found.push(kept);
    if (order === undefined && found.length >= limit) break;
  }
  if (order === undefined) return found;
  const { field: { path, isNumber }, descending } = order;
  const sign = descending ? -1 : 1;
  const keyed = found.map((kept) => {
    const value = valueOf(kept.row, path);
    return { kept, key: isNumber ? Number(value) : textOf(value) };
  });
  keyed.sort((a, b) => a.key < b.key ? -sign : a.key > b.key ? sign : 0);
  return keyed.slice(0, limit).map(({ kept }) => kept);
}
