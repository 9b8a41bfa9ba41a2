/** Annotations of `OPTION` and `TOOL` in an object's BTF: the letter and help of each option. */
import { type Btf, Kind } from "../../ebpf/btf/mod.ts";

/** Annotation of a variable that is an option. */
export interface OptionTag {
  /** One letter; absent if the option has a long form only. */
  readonly letter?: string;
  readonly help: string;
}

/** Annotations of an object. */
export interface ToolTags {
  /** Summary of the tool, a verb first. */
  readonly about?: string;
  /** Options by the names of their variables. */
  readonly options: ReadonlyMap<string, OptionTag>;
}

/** Most types that are read: an object has some thousand. */
const MAX_TYPES = 1_000_000;

/** Returns the annotations in a BTF; tags of other tools are left out. */
export function toolTags(btf: Btf): ToolTags {
  const options = new Map<string, OptionTag>();
  let about: string | undefined;
  for (let id = 1; id < btf.count && id < MAX_TYPES; id++) {
    if (btf.kind(id) !== Kind.DeclTag) continue;
    const tag = btf.type(id);
    if (tag.kind !== "tag" || tag.component !== -1) continue;
    const option = /^option:(?:'([^'])'|0):(.+)$/s.exec(tag.name);
    const variable = btf.type(tag.type);
    if (option !== null && variable.kind === "var") {
      const [, letter, help = ""] = option;
      options.set(variable.name, letter === undefined ? { help } : { letter, help });
    }
    about ??= /^tool:[^:]*:(.+)$/s.exec(tag.name)?.[1];
  }
  return about === undefined ? { options } : { about, options };
}
