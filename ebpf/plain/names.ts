/** Errors about names that an object does not have: the nearest one, and the list. */
import { HostError } from "../../ffi/errors.ts";

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

/** Longer names are not compared: the work grows with the product of the lengths. */
const MAX_COMPARED = 64;

/** Returns the nearest name: one that contains the word, or differs by a third of its letters. */
export function nearestName(word: string, names: readonly string[]): string | undefined {
  const ranked = names.filter((name) => name.length <= MAX_COMPARED).slice(0, 1000)
    .map((name) => ({ name, cost: distance(word.slice(0, MAX_COMPARED), name) }))
    .sort((a, b) => a.cost - b.cost);
  const [best] = ranked;
  if (best !== undefined && best.cost <= Math.max(1, Math.floor(word.length / 3))) return best.name;
  return word.length < 3 ? undefined : names.find((name) => name.includes(word));
}

function distance(a: string, b: string): number {
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
