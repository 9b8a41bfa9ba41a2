/** Errors of records: schemas, expressions and options that cannot be used. */
import { HostError, type HostErrorOptions } from "../ffi/errors.ts";
import { nearest } from "../ffi/nearest.ts";

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
  const close = nearest(name, known);
  const listed = known.slice(0, MAX_LISTED).join(", ");
  const more = known.length > MAX_LISTED ? ` and ${known.length - MAX_LISTED} more` : "";
  const meant = close === undefined ? "" : `did you mean "${close}"? `;
  return new RecordsError(`Cannot find field "${name}" of "${source}"`, {
    code: "UNKNOWN_FIELD",
    hint: known.length === 0 ? "no fields are known" : `${meant}fields: ${listed}${more}`,
  });
}
