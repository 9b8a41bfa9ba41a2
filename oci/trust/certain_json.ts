/** Detects signed JSON that parsers accept, but interpret differently. */
import type { JsonObject } from "../json.ts";

/**
 * Returns the reason why a parsed document is ambiguous; undefined when it is not.
 *
 * Lone surrogates are refused, which other parsers replace by one character, and numbers that exceed a
 * double. The caller bounds the nesting first, as {@linkcode readJson} does.
 */
export function ambiguityIn(value: unknown): string | undefined {
  if (typeof value === "string" && !value.isWellFormed()) {
    return "a string has a lone surrogate";
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
 * Refuses an object with a member that case-insensitive parsers, such as Go's, would read as one of
 * `expected`.
 *
 * @throws {ArtifactError} with the document's code
 */
export function checkSpelling(object: JsonObject, expected: readonly string[]): void {
  // Simple case folding, including the two letters outside ASCII that fold into it.
  const folded = new RegExp(`^(?:${expected.join("|")})$`, "iu");
  const odd = object.names().find((name) => folded.test(name) && !expected.includes(name));
  if (odd !== undefined) throw object.error(odd, "differs from a known member only in case");
}
