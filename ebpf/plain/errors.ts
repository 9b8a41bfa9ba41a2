/** Errors about names that an object does not have: the nearest one, and the list. */
import { HostError } from "../../ffi/errors.ts";
import { nearest } from "../../ffi/nearest.ts";

/** Names that a list shows before the rest is counted. */
const SHOWN = 30;

/** Kinds of names with their error codes. */
const CODES = {
  program: "NO_PROGRAM",
  map: "NO_MAP",
  variable: "NO_VARIABLE",
  type: "NO_TYPE",
  field: "NO_FIELD",
} as const;

/** Returns the error for a name that is not among `names`. */
export function unknownName(
  kind: keyof typeof CODES,
  name: string,
  names: readonly string[],
): HostError {
  const near = nearestName(name, names);
  const shown = names.slice(0, SHOWN).join(", ");
  const rest = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : "";
  const list = names.length === 0 ? `it has no ${kind}s` : `it has: ${shown}${rest}`;
  return new HostError(`Cannot find ${kind} "${name}": the object does not have it`, {
    code: CODES[kind],
    hint: near === undefined ? list : `did you mean ${near}? ${list}`,
  });
}

/** Returns the nearest name, or else one that contains the word. */
export function nearestName(word: string, names: readonly string[]): string | undefined {
  const near = nearest(word, names);
  if (near !== undefined || word.length < 3) return near;
  return names.find((name) => name.includes(word));
}
