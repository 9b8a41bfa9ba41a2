/** Errors of records: schemas, expressions and options that cannot be used. */
import { HostError, type HostErrorOptions } from "../ffi/errors.ts";

/**
 * Records that cannot be shown as requested. Codes: `BAD_SCHEMA`, `BAD_FORMAT`, `BAD_FILTER`,
 * `UNKNOWN_FIELD`, `BAD_RECORDS`, `BAD_ANNOTATION`.
 */
export class RecordsError extends HostError {
  /** The class's name. */
  override name = "RecordsError";

  /** Creates an error; `message` starts with a capital and has no full stop. */
  constructor(message: string, options: HostErrorOptions) {
    super(message, options);
  }
}

/** Names listed in a hint. */
const MAX_LISTED = 40;

/** Returns the error for a name that a schema lacks, with the nearest one and the list. */
export function unknownField(
  name: string,
  known: readonly string[],
  source: string,
): RecordsError {
  const close = nearestName(name, known);
  const listed = known.slice(0, MAX_LISTED).join(", ");
  const more = known.length > MAX_LISTED ? ` and ${known.length - MAX_LISTED} more` : "";
  const meant = close === undefined ? "" : `did you mean "${close}"? `;
  return new RecordsError(`Cannot find field "${name}" of "${source}"`, {
    code: "UNKNOWN_FIELD",
    hint: known.length === 0 ? "no fields are known" : `${meant}fields: ${listed}${more}`,
  });
}

/** Characters of names that are compared: distance takes their product in time. */
const MAX_COMPARED = 64;

/** Returns the closest name, if at most two letters and at most half of them differ. */
export function nearestName(word: string, names: readonly string[]): string | undefined {
  const wanted = word.slice(0, MAX_COMPARED).toLowerCase();
  let best: string | undefined;
  let lowest = Math.min(2, Math.floor(wanted.length / 2)) + 1;
  for (const name of names.slice(0, 4096)) {
    const cost = editDistance(wanted, name.slice(0, MAX_COMPARED).toLowerCase());
    if (cost < lowest) [best, lowest] = [name, cost];
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
