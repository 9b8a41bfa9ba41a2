/** Signed JSON that readers understand in different ways, although each of them takes it. */
import type { JsonObject } from "../json.ts";

/**
 * Returns why a parsed document has no certain meaning; undefined when it has.
 *
 * Halves of surrogate pairs are refused, which other readers all replace by one character, and numbers
 * that a double cannot hold. Its nesting is bounded before, as {@linkcode readJson} does.
 */
export function ambiguityIn(value: unknown): string | undefined {
  if (typeof value === "string" && !value.isWellFormed()) {
    return "a text has half of a surrogate pair";
  }
  if (typeof value === "number" && !Number.isFinite(value)) return "a number is too large";
  if (typeof value !== "object" || value === null) return undefined;
  for (const [name, member] of Object.entries(value)) {
    const objection = ambiguityIn(name) ?? ambiguityIn(member);
    if (objection !== undefined) return objection;
  }
  return undefined;
}

/**
 * Refuses an object with a member that readers which ignore case, such as Go's, take for one of
 * `expected`.
 *
 * @throws {ArtifactError} with the document's code
 */
export function checkSpelling(object: JsonObject, expected: readonly string[]): void {
  // Simple case folding, with the two letters outside ASCII that fold into it.
  const folded = new RegExp(`^(?:${expected.join("|")})$`, "iu");
  const odd = object.names().find((name) => folded.test(name) && !expected.includes(name));
  if (odd !== undefined) throw object.error(odd, "differs from a known member in case only");
}
