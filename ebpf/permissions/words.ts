/** Checks words of permissions before anything is run. */
import { HostError } from "../../ffi/errors.ts";
import { helperByName, helperEntries, kfuncByName, kfuncEntries } from "./entries.ts";
import { GRANTABLE_LEVELS, LEVELS, type Permissions } from "./levels.ts";

/** Where every name stands with its level. */
const PLACE = "docs/permissions.md";

/** A word of permissions that means nothing. Code: `PERMISSION_WORD`. */
export class PermissionError extends HostError {
  /** Name of the class. */
  override name = "PermissionError";
  /** The word. */
  readonly word: string;
  /** The words that there are. */
  readonly known: readonly string[];

  /** An error about `word`, which is none of `known`. */
  constructor(reason: string, { word, known, hint }: {
    word: string;
    known: readonly string[];
    hint: string;
  }) {
    super(reason, { code: "PERMISSION_WORD", hint });
    this.word = word;
    this.known = known;
  }
}

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
