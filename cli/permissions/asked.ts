/**
 * Permissions that a module asks for in its manifest. `push` writes them, and a signature covers them
 * with the rest of the manifest. They grant nothing: a run refuses what was not asked for.
 */
import type { Need, ObjectFacts } from "../../ebpf/inspection/mod.ts";
import { needsOf } from "../../ebpf/inspection/mod.ts";
import {
  type AttachWord,
  type Bound,
  GRANTABLE_LEVELS,
  type GrantableLevel,
  kfuncEntries,
  type Permissions,
  Policy,
} from "../../ebpf/permissions/mod.ts";
import { HostError } from "../../ffi/errors.ts";

/** Permissions that a module asks for. */
export interface Asked {
  /** Levels of its programs, in the order of the table. */
  readonly levels: readonly GrantableLevel[];
  /** Kernel functions that a level alone does not allow. */
  readonly kfuncs: readonly string[];
  /** Places that programs are attached to; every place when absent. */
  readonly attach?: readonly AttachWord[];
}

/** Longest annotation in characters: every level and function together take a tenth. */
const MAX_CHARACTERS = 65_536;

/**
 * Reads the annotation of a manifest.
 *
 * @param repository its name in errors
 * @throws {HostError} `BAD_PERMISSIONS` for a text that `push` does not write, or of a newer version
 */
export function readAsked(text: string, repository: string): Asked {
  try {
    if (text.length > MAX_CHARACTERS) throw new SyntaxError("too long");
    const { levels, kfuncs, attach, ...others } = objectOf(JSON.parse(text));
    const [unknown] = Object.keys(others);
    if (unknown !== undefined) throw new SyntaxError(`unknown member ${JSON.stringify(unknown)}`);
    const asked: Asked = {
      levels: wordsOf("levels", levels) as GrantableLevel[],
      kfuncs: wordsOf("kfuncs", kfuncs ?? []),
      ...(attach === undefined ? {} : { attach: wordsOf("attach", attach) as AttachWord[] }),
    };
    new Policy(askedBound(asked, repository));
    return asked;
  } catch (cause) {
    if (!(cause instanceof HostError || cause instanceof SyntaxError)) throw cause;
    throw new HostError(
      `the permissions in the manifest of ${repository} cannot be read: ${cause.message}`,
      { code: "BAD_PERMISSIONS", hint: "use the latest wasm-bpf, or push the module again", cause },
    );
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new SyntaxError("not an object");
}

function wordsOf(member: string, value: unknown): string[] {
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value;
  throw new SyntaxError(`${member} is not a list of words`);
}

/** Returns the text of the annotation. */
export function askedText({ levels, kfuncs, attach }: Asked): string {
  return JSON.stringify({
    levels,
    ...(kfuncs.length === 0 ? {} : { kfuncs }),
    ...(attach === undefined ? {} : { attach }),
  });
}

/** Returns what objects ask for by their programs. */
export function askedBy(objects: readonly ObjectFacts[]): Asked {
  const needs = objects.flatMap((object) => needsOf(object, new Policy({ strict: true })));
  const explicit = explicitKfuncs();
  const named = needs.filter(({ call, needsName }) => needsName || explicit.has(call ?? ""));
  return {
    levels: GRANTABLE_LEVELS.filter((level) => needs.some((need) => need.level === level)),
    kfuncs: [...new Set(named.flatMap(({ call }) => call ?? []))].sort(),
  };
}

/** Returns the upper bound that a request sets. */
export function askedBound({ levels, kfuncs, attach }: Asked, repository: string): Bound {
  return {
    source: `the manifest of ${repository}`,
    hint: "the module does not ask for it, and options do not go beyond that: " +
      "run a version that was pushed with it (wasm-bpf push --ask-bpf)",
    strict: true,
    allowBpf: levels,
    allowKfunc: kfuncs,
    denyKfunc: kfuncEntries().filter(({ name, level, isExplicit }) =>
      isExplicit && (levels as readonly string[]).includes(level) && !kfuncs.includes(name)
    ).map(({ name }) => name),
    ...(attach === undefined ? {} : placesOf(attach)),
  };
}

/** An empty list allows no place: no place is called like that. */
function placesOf(words: readonly AttachWord[]): Pick<Permissions, "allowAttach"> {
  return { allowAttach: words.length === 0 ? ["iter:no.place"] : words };
}

/** Lists what an object uses and its module did not ask for. */
export function notAsked(object: ObjectFacts, { levels, kfuncs }: Asked): Need[] {
  const explicit = explicitKfuncs();
  const isMissing = ({ level, call = "" }: Need) =>
    !levels.includes(level) || (explicit.has(call) && !kfuncs.includes(call));
  return needsOf(object, new Policy({ strict: true, allowKfunc: unlisted(kfuncs) }))
    .filter((need) => isMissing(need) || (need.needsName && !kfuncs.includes(need.call ?? "")));
}

/** Functions of no table are allowed by name. */
function unlisted(names: readonly string[]): string[] {
  const listed = new Set(kfuncEntries().map(({ name }) => name));
  return names.filter((name) => !listed.has(name));
}

function explicitKfuncs(): ReadonlySet<string> {
  return new Set(kfuncEntries().filter(({ isExplicit }) => isExplicit).map(({ name }) => name));
}
