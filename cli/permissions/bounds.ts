/** Permissions within the bounds of policies. */
import {
  ATTACH_KINDS,
  type AttachWord,
  type Bound,
  GRANTABLE_LEVELS,
  type GrantableLevel,
  helperEntries,
  kfuncEntries,
  LEVELS,
  PermissionError,
  type Permissions,
  Policy,
} from "../../ebpf/permissions/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import type { PolicyBound } from "../../oci/mod.ts";
import { nearest } from "../../ffi/nearest.ts";
import { parseSize } from "../args/size.ts";

/**
 * Reads the words of policies.
 *
 * @throws {HostError} `BAD_POLICY` for a word that means nothing
 */
export function boundsOf(rules: readonly PolicyBound[]): Bound[] {
  return rules.map((rule) => {
    const { source, levels = GRANTABLE_LEVELS, attach, maxMapsMemory } = rule;
    try {
      const bound: Bound = {
        source,
        strict: true,
        allowBpf: levels as readonly GrantableLevel[],
        ...denied(rule.deny ?? []),
        ...(attach === undefined ? {} : placesOf(attach)),
        ...(maxMapsMemory === undefined ? {} : { maxMapsMemory: bytesOf(maxMapsMemory) }),
      };
      new Policy(bound);
      return bound;
    } catch (cause) {
      if (!(cause instanceof HostError)) throw cause;
      throw badPolicy(source, cause);
    }
  });
}

/** Word of an empty list, which allows no place: no place is called like that. */
const NO_PLACE: AttachWord = "iter:no.place";

function placesOf(words: readonly string[]): Pick<Permissions, "allowAttach"> {
  return { allowAttach: words.length === 0 ? [NO_PLACE] : words as AttachWord[] };
}

function placesText(words: readonly AttachWord[]): string {
  return words.includes(NO_PLACE) ? "none" : words.join(", ");
}

/** The smallest map takes two pages. */
const MAPS_RANGE = { least: 8192, most: 1024 ** 4, leastText: "8K", mostText: "1024G" };

function bytesOf(size: number | string): number {
  return typeof size === "number" ? size : parseSize(size, "maxMapsMemory", MAPS_RANGE);
}

function denied(words: readonly string[]): Partial<Permissions> {
  const helpers = new Set(helperEntries().map(({ name }) => name));
  const isLevel = (word: string) => (LEVELS as readonly string[]).includes(word);
  const isPlace = (word: string) =>
    word.includes(":") || (ATTACH_KINDS as readonly string[]).includes(word);
  const isHelper = (word: string) => helpers.has(word) || helpers.has(`bpf_${word}`);
  const rest = words.filter((word) => !isLevel(word) && !isPlace(word));
  const kfuncs = new Set(kfuncEntries().map(({ name }) => name));
  const unknown = rest.find((word) => !isHelper(word) && !kfuncs.has(word));
  if (unknown !== undefined) {
    throw new PermissionError(`Unknown level, place, helper or kfunc "${unknown}"`, {
      word: unknown,
      known: [...GRANTABLE_LEVELS, ...ATTACH_KINDS, ...helpers, ...kfuncs],
      hint: "docs/permissions.md lists them",
    });
  }
  return {
    denyBpf: words.filter(isLevel) as GrantableLevel[],
    denyAttach: words.filter((word) => !isLevel(word) && isPlace(word)) as AttachWord[],
    denyHelper: rest.filter(isHelper),
    denyKfunc: rest.filter((word) => !isHelper(word)),
  };
}

function badPolicy(source: string, cause: HostError): HostError {
  const close = cause instanceof PermissionError
    ? nearest(cause.word, [...cause.known])
    : undefined;
  return new HostError(`Cannot use the policy: ${source}: ${cause.message}`, {
    code: "BAD_POLICY",
    hint: close === undefined ? cause.hint : `did you mean ${close}? ${cause.hint ?? ""}`.trim(),
    cause,
  });
}

/**
 * Returns the levels that policies grant without a question: those that all of them name. Never
 * `write`, which needs its option everywhere.
 */
export function grantedLevels(rules: readonly PolicyBound[]): GrantableLevel[] {
  const naming = rules.flatMap(({ levels }) => levels === undefined ? [] : [levels]);
  if (naming.length === 0) return [];
  return GRANTABLE_LEVELS.filter((level) =>
    level !== "write" && naming.every((levels) => levels.includes(level))
  );
}

/** Returns a note for each rule in force, and for each contradiction the rule that decides it. */
export function boundNotes(bounds: readonly Bound[], permissions: Permissions): string[] {
  const notes = bounds.map((bound) => `${bound.source} is in force: ${describe(bound)}`);
  const given: { what: string; levels: readonly string[] }[] = [
    { what: "--allow-bpf", levels: permissions.allowBpf ?? [] },
    ...bounds.map(({ source, allowBpf = [], denyBpf = [] }) => ({
      what: source,
      levels: allowBpf.filter((level) => !denyBpf.includes(level)),
    })),
  ];
  for (const level of GRANTABLE_LEVELS) {
    const giver = given.find(({ levels }) => levels.includes(level));
    const taker = bounds.find((bound) => !new Policy(bound).allowsLevel(level));
    if (giver === undefined || taker === undefined) continue;
    notes.push(
      `level ${level}: allowed by ${giver.what}, refused by ${taker.source}, which decides`,
    );
  }
  return notes;
}

function describe({ allowBpf = [], allowAttach, denyBpf, denyAttach, ...bound }: Bound): string {
  const denials = [
    ...denyBpf ?? [],
    ...denyAttach ?? [],
    ...bound.denyHelper ?? [],
    ...bound.denyKfunc ?? [],
  ];
  return [
    `levels ${allowBpf.join(", ") || "none"}`,
    ...(allowAttach === undefined ? [] : [`places ${placesText(allowAttach)}`]),
    ...(denials.length === 0 ? [] : [`denied ${denials.join(", ")}`]),
    ...(bound.maxMapsMemory === undefined ? [] : [`maps ${bound.maxMapsMemory} bytes`]),
  ].join("; ");
}
