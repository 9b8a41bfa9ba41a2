/** Targets of the generator. */

/** A language, or `skeleton`: a C header with the object inside. */
export type Target =
  | "c"
  | "rust"
  | "go"
  | "assemblyscript"
  | "typescript"
  | "wit"
  | "skeleton";

/** All targets. */
export const TARGETS: readonly Target[] = [
  "c",
  "rust",
  "go",
  "assemblyscript",
  "typescript",
  "wit",
  "skeleton",
];

/** Reports whether a word names a target. */
export function isTarget(word: string): word is Target {
  return (TARGETS as readonly string[]).includes(word);
}
