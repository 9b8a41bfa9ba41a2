/**
 * Reader of the annotations of `sdk/bpf/records.bpf.h`: `btf_decl_tag`s of members and variables.
 *
 * Each is a word, a colon and text, such as `format:time,boot`. Tags of other tools are left alone.
 */
import { type Btf, Kind } from "../ebpf/btf/mod.ts";

/** Tags of a type, by the index of the member; -1 is the type itself. */
export type TagsOfType = ReadonlyMap<number, readonly string[]>;

/** Most tags that are read: an annotated object has some hundred. */
const MAX_TAGS = 100_000;

const known = new WeakMap<Btf, ReadonlyMap<number, TagsOfType>>();

/** Returns the tags of a BTF by the ids of their types; computed once. */
export function tagsOf(btf: Btf): ReadonlyMap<number, TagsOfType> {
  const before = known.get(btf);
  if (before !== undefined) return before;
  const tags = new Map<number, Map<number, string[]>>();
  let count = 0;
  for (let id = 1; id < btf.count && count < MAX_TAGS; id++) {
    if (btf.kind(id) !== Kind.DeclTag) continue;
    const tag = btf.type(id);
    if (tag.kind !== "tag") continue;
    count++;
    const ofType = tags.get(tag.type) ?? new Map<number, string[]>();
    tags.set(tag.type, ofType);
    const texts = ofType.get(tag.component) ?? [];
    ofType.set(tag.component, texts);
    texts.push(tag.name);
  }
  known.set(btf, tags);
  return tags;
}

/** Returns the text after `word:` of the first tag with that word. */
export function tagValue(tags: readonly string[] | undefined, word: string): string | undefined {
  const prefix = `${word}:`;
  return tags?.find((tag) => tag.startsWith(prefix))?.slice(prefix.length);
}

/** Formats that are names of functions. */
const SYMBOLS = /^format:\s*[ku](sym|stack)\b/;

/** Reports whether a member of a BTF is annotated as an address of a function, or as a stack. */
export function namesFunctions(btf: Btf): boolean {
  return [...tagsOf(btf).values()].some((ofType) =>
    [...ofType.values()].some((texts) => texts.some((text) => SYMBOLS.test(text)))
  );
}
