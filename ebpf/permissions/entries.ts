/** Looks up helpers and kernel functions in the table. */
import type { Entry, Group } from "./levels.ts";
import { HELPERS, KFUNCS } from "./table.ts";

/** A helper of libbpf's list. */
export interface HelperEntry extends Entry {
  /** `BPF_FUNC_*` of `linux/bpf.h`. */
  readonly number: number;
}

/** Returns the entries of a group, in its order. */
export function linesOf(group: Group): string[] {
  return group.lines.split("\n").slice(1, -1);
}

/** Returns every helper. */
export function helperEntries(): HelperEntry[] {
  return HELPERS.flatMap((group) =>
    linesOf(group).map((line) => {
      const at = line.indexOf(" ");
      return { ...entryOf(group, line.slice(at + 1)), number: Number(line.slice(0, at)) };
    })
  );
}

/** Returns every kernel function that has a level. */
export function kfuncEntries(): Entry[] {
  return KFUNCS.flatMap((group) => linesOf(group).map((name) => entryOf(group, name)));
}

function entryOf({ level, isExplicit }: Group, name: string): Entry {
  return { name, level, isExplicit };
}

/** Returns a helper by its number. */
export function helperByNumber(number: number): HelperEntry | undefined {
  return helperEntries().find((entry) => entry.number === number);
}

/** Returns a helper by its name, which may lack its `bpf_`. */
export function helperByName(name: string): HelperEntry | undefined {
  const full = name.startsWith("bpf_") ? name : `bpf_${name}`;
  return helperEntries().find((entry) => entry.name === full);
}

/** Returns a kernel function by its name. */
export function kfuncByName(name: string): Entry | undefined {
  return kfuncEntries().find((entry) => entry.name === name);
}

/** Returns a kernel function by its name in an object: libbpf drops a suffix such as `___local`. */
export function kfuncByLocalName(name: string): Entry | undefined {
  return kfuncByName(name) ?? kfuncByName(name.replace(/___.*$/s, ""));
}
