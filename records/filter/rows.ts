/** Filters of records that are JSON already. */
import { badFilter, variablesOf } from "./evaluate.ts";

/**
 * Test of a record.
 *
 * @param json the record's text, of which integers keep all digits
 */
export type RowFilter = (row: Readonly<Record<string, unknown>>, json: string) => boolean;

/** Longest expression. */
const MAX_CHARACTERS = 16_384;

/**
 * Parses an expression for JSON records; a record without one of its fields does not match.
 *
 * @throws {RecordsError} `BAD_FILTER` for a wrong one
 */
export async function loadRowFilter(text: string): Promise<RowFilter> {
  if (text.length > MAX_CHARACTERS) throw badFilter(text.slice(0, 80), "it is too long");
  const { parse } = await import("@marcbachmann/cel-js/evaluator");
  try {
    const parsed = parse(text);
    variablesOf(parsed.ast, text);
    return (_, json) => {
      try {
        const row = JSON.parse(json, exactly) as Record<string, unknown>;
        if ("namespace" in row) row["pod_namespace"] ??= row["namespace"];
        return parsed(row) === true;
      } catch {
        // An error of a record is not a match, as in CEL's users.
        return false;
      }
    };
  } catch (error) {
    throw badFilter(text, error);
  }
}

/** Integers are CEL's int, with all digits of their text. */
function exactly(
  this: unknown,
  _key: string,
  value: unknown,
  context?: { readonly source?: string },
): unknown {
  if (typeof value !== "number") return value;
  const source = context?.source ?? `${value}`;
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}
