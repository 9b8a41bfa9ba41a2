/** Checks words of permissions before anything is run. */
import { attachRule } from "./attach_words.ts";
import { helperByName, helperEntries, kfuncByName, kfuncEntries } from "./entries.ts";
import { GRANTABLE_LEVELS, LEVELS, type Permissions } from "./levels.ts";
import { PermissionError } from "./errors.ts";

/** Where every name stands with its level. */
const PLACE = "docs/permissions.md";

/**
 * Checks every word.
 *
 * @throws {PermissionError} for the first one that means nothing, or that cannot be allowed
 */
export function checkWords(permissions: Permissions): void {
  const { allowBpf = [], denyBpf = [] } = permissions;
  for (const word of [...allowBpf, ...denyBpf]) checkLevel(word);
  const { allowHelper = [], denyHelper = [] } = permissions;
  for (const word of [...allowHelper, ...denyHelper]) checkHelper(word);
  for (const word of allowHelper) checkGrantable("helper", word, helperByName(word)?.level);
  const { allowKfunc = [], denyKfunc = [] } = permissions;
  const isOpen = (allowBpf as readonly string[]).includes("write");
  for (const word of allowKfunc) {
    checkKfunc(word, isOpen);
    checkGrantable("kfunc", word, kfuncByName(word)?.level);
  }
  // A word that is not listed is denied anyway; checking it finds misspellings.
  for (const word of denyKfunc) checkKfunc(word, false);
  const { allowAttach = [], denyAttach = [] } = permissions;
  for (const word of [...allowAttach, ...denyAttach]) attachRule(word);
  for (const [name, least] of NUMBERS) checkNumber(name, permissions[name], least);
}

/** Limits that are numbers, and their least values. */
const NUMBERS = [
  ["maxFrequency", 1],
  ["maxMapsMemory", 0],
  ["maxPrograms", 0],
  ["maxLinks", 0],
] as const;

function checkNumber(name: string, value: number | undefined, least: number): void {
  if (value === undefined || value >= least && value <= Number.MAX_SAFE_INTEGER) return;
  throw new PermissionError(`Cannot use ${name} ${value}: not a number of at least ${least}`, {
    word: String(value),
    known: [],
    hint: `${name} is a number of at least ${least}`,
  });
}

function checkLevel(word: string): void {
  if ((GRANTABLE_LEVELS as readonly string[]).includes(word)) return;
  const isNever = word === LEVELS.at(-1);
  throw new PermissionError(
    isNever ? `Cannot use level "never": nothing allows it` : `Unknown permission level "${word}"`,
    { word, known: GRANTABLE_LEVELS, hint: `the levels are ${GRANTABLE_LEVELS.join(", ")}` },
  );
}

function checkHelper(word: string): void {
  if (helperByName(word) !== undefined) return;
  const known = helperEntries().map(({ name }) => name);
  throw new PermissionError(`Unknown helper "${word}"`, {
    word: word.startsWith("bpf_") ? word : `bpf_${word}`,
    known,
    hint: `${PLACE} lists the ${known.length} helpers`,
  });
}

function checkKfunc(word: string, isOpen: boolean): void {
  if (kfuncByName(word) !== undefined) return;
  // More than letters would be more than one name for the gate.
  if (isOpen && /^\w+$/.test(word)) return;
  const known = kfuncEntries().map(({ name }) => name);
  throw new PermissionError(`Unknown kfunc "${word}"`, {
    word,
    known,
    hint: `${PLACE} lists ${known.length}; one that is not listed also needs --allow-bpf=write`,
  });
}

function checkGrantable(kind: string, word: string, level: string | undefined): void {
  if (level !== "never") return;
  throw new PermissionError(`Cannot allow ${kind} "${word}": its level is never`, {
    word,
    known: [],
    hint: `${PLACE} lists the ones that can be allowed`,
  });
}
