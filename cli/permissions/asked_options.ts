/** Permissions that `push` writes into a manifest: what the module's objects use, and words. */
import type { ObjectFacts } from "../../ebpf/inspection/mod.ts";
import {
  type AttachWord,
  GRANTABLE_LEVELS,
  type GrantableLevel,
  PermissionError,
  Policy,
} from "../../ebpf/permissions/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import { nearest } from "../../ffi/nearest.ts";
import { readChunks, type Source } from "../../oci/mod.ts";
import { UsageError } from "../errors.ts";
import type { ModuleFacts } from "../module/module_facts.ts";
import { type Asked, askedBound, askedBy, askedText } from "./asked.ts";
import type { PartOfLine } from "../args/options.ts";

/** Options of `push` that ask for permissions. */
export const ASKED = ["ask-bpf", "ask-kfunc", "ask-attach"] as const;

/** Words of the command line; undefined without any. */
export type AskedWords = Asked | undefined;

/** Takes a note for the user. */
export type Note = (text: string) => void;

/** Larger modules are not read into memory to be inspected: those of all languages here are smaller. */
const MAX_INSPECTED_BYTES = 32 << 20;

/**
 * Returns the words of a command line.
 *
 * @throws {UsageError} for an unknown level, kernel function or kind of place
 */
export function askedWords({ lists }: Pick<PartOfLine<typeof ASKED[number]>, "lists">): AskedWords {
  const words = (name: typeof ASKED[number]) =>
    (lists?.[name] ?? []).flatMap((text) => text.split(","));
  const attach = lists?.["ask-attach"] as AttachWord[] | undefined;
  const asked: Asked = {
    levels: words("ask-bpf") as GrantableLevel[],
    kfuncs: words("ask-kfunc"),
    ...(attach === undefined ? {} : { attach }),
  };
  if (ASKED.every((name) => lists?.[name] === undefined)) return undefined;
  try {
    new Policy(askedBound(asked, "the module"));
    return asked;
  } catch (error) {
    if (!(error instanceof PermissionError)) throw error;
    const close = nearest(error.word, [...error.known]);
    throw new UsageError(
      error.message,
      close === undefined ? error.hint : `did you mean ${close}?`,
    );
  }
}

/** Module, object or package that is pushed. */
export interface PushedModule {
  readonly source: Source;
  readonly size: number;
  readonly title: string;
  /** Reads the eBPF objects in its bytes; throws a HostError for what holds none. */
  readonly objectsIn: (
    bytes: Uint8Array<ArrayBuffer>,
    options: { what: string },
  ) => Promise<Pick<ModuleFacts, "bpfObjects" | "loadsOthers">>;
}

/**
 * Returns the annotation of a module.
 *
 * @returns undefined for a module without eBPF programs, and for one whose programs cannot be known
 *   and that no words are about; `onNote` gets the reason of the latter
 */
export async function askedFor(
  module: PushedModule,
  words: AskedWords,
  onNote: Note,
): Promise<string | undefined> {
  const objects = await objectsOf(module);
  if (typeof objects === "string") {
    if (words !== undefined) return askedText(words);
    onNote(`the manifest asks for no permissions, since ${objects}: pass --ask-bpf=LEVEL,…`);
    return undefined;
  }
  if (objects.length === 0 && words === undefined) return undefined;
  return askedText(merged(askedBy(objects), words));
}

/** Returns the objects in a module, or the reason why they cannot be known. */
async function objectsOf(
  { source, size, title, objectsIn }: PushedModule,
): Promise<readonly ObjectFacts[] | string> {
  if (size > MAX_INSPECTED_BYTES) return "larger modules than 32 MiB are not inspected";
  const bytes = new Uint8Array(size);
  let at = 0;
  await readChunks(await source(), (chunk) => {
    // A file that grows while it is read fails later, by its digest.
    bytes.set(chunk.subarray(0, size - at), at);
    at += Math.min(chunk.length, size - at);
  });
  try {
    const { bpfObjects, loadsOthers } = await objectsIn(bytes, { what: title });
    if (loadsOthers) return `${title} makes its eBPF objects when it runs`;
    const whole = bpfObjects.flatMap((object) => "programs" in object ? [object] : []);
    return whole.length === bpfObjects.length ? whole : `an eBPF object in ${title} is damaged`;
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    // Neither a module of this version's WebAssembly nor a package; a registry stores it all the same.
    return [];
  }
}

function merged(found: Asked, words: AskedWords): Asked {
  if (words === undefined) return found;
  const levels = [...found.levels, ...words.levels];
  return {
    levels: GRANTABLE_LEVELS.filter((level) => levels.includes(level)),
    kfuncs: [...new Set([...found.kfuncs, ...words.kfuncs])].sort(),
    ...(words.attach === undefined ? {} : { attach: words.attach }),
  };
}
