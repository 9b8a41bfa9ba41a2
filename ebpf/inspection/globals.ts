/** Facts about the global variables of an object. */
import type { Btf } from "../btf/btf.ts";
import type { ElfFile } from "../btf/elf.ts";
import { resolve } from "../btf/layout.ts";
import { typeText, valueText } from "../plain/values.ts";
import { variablesOf } from "./variables.ts";

/** A global variable, as `inspect` shows it. */
export interface GlobalFacts {
  readonly name: string;
  /** Section, such as `.rodata`. */
  readonly section: string;
  /** Type as C writes it. */
  readonly type: string;
  readonly sizeBytes: number;
  /** Initial value as a word that sets it; undefined for structures, pointers and lists. */
  readonly default: string | undefined;
  /** True for a constant that is set before the load: an option where the object runs as a tool. */
  readonly isOption: boolean;
}

/** Longer values are cut: an object's author chooses them. */
const MAX_SHOWN = 200;

/** Constants of compilers and of other loaders, which are not options. */
const RESERVED = /^__eunomia_dummy|^gadget_|^__gadget|^LICENSE$|^_license$/i;

/** Lists the variables, in the order of the object's sections. */
export function globalFacts(elf: ElfFile, btf: Btf | undefined): GlobalFacts[] {
  if (btf === undefined) return [];
  return variablesOf(elf, btf).map(({ name, section, type, sizeBytes, bytes }) => ({
    name,
    section,
    type: typeText(btf, type),
    sizeBytes,
    default: shown(btf, type, bytes),
    isOption: section === ".rodata" && sizeBytes > 0 && !RESERVED.test(name) &&
      /^\w+$/.test(name) && hasWord(btf, type),
  }));
}

/** Words set numbers, names of an enumeration, texts and lists of those. */
function hasWord(btf: Btf, id: number): boolean {
  try {
    const { type } = resolve(btf, id);
    if (type.kind === "array") return hasWord(btf, type.type);
    return type.kind === "int" || type.kind === "enum" || type.kind === "float";
  } catch {
    return false;
  }
}

function shown(btf: Btf, type: number, bytes: Uint8Array<ArrayBuffer>): string | undefined {
  try {
    const text = valueText(btf, type, bytes);
    if (text === "" || text === "…") return undefined;
    return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`;
  } catch {
    // A type that no word sets.
    return undefined;
  }
}
