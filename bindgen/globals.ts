/** The global variables of each section as the members of a struct: where each stands, how large all are. */
import type { Lowering } from "./lower.ts";
import type { DataSection, Variable } from "../ebpf/btf/mod.ts";
import type { Globals, Member } from "./model.ts";
import { identifier } from "./names.ts";
import { holdsGlobals } from "./select.ts";
import { type EbpfObject, type Source, symbolKey } from "./source.ts";
import { BtfError } from "./errors.ts";

/** Where the variables come from, and how their structs are called. */
export interface GlobalsOptions {
  readonly sections: readonly DataSection[];
  /** Of a section's struct. */
  readonly nameOf: (section: string) => string;
  /** True if an anonymous type is named after its variable. */
  readonly hinted: boolean;
}

/**
 * Returns the variables of an object that a guest may set, by section. Static ones are left out.
 */
export function globalsOf(
  { object }: Source,
  lowering: Lowering,
  { sections, nameOf, hinted }: GlobalsOptions,
): Globals[] {
  return sections.filter(({ name }) => holdsGlobals(name)).flatMap((section) => {
    const bytes = sectionBytes(section, object);
    const members = section.variables
      .filter(({ linkage }) => linkage === "global")
      .map((variable) => memberOf(variable, { section: section.name, object, lowering, hinted }))
      .sort((a, b) => a.bitOffset - b.bitOffset);
    if (members.length === 0) return [];
    mustFit(section.name, members, bytes);
    const name = nameOf(section.name);
    return [{
      section: section.name,
      record: {
        kind: "record",
        form: "struct",
        name,
        typedef: false,
        hinted: true,
        bytes,
        members,
      },
    }];
  });
}

/** A section's name as an identifier: `rodata` of ".rodata". */
export function sectionIdentifier(section: string): string {
  return identifier(section.replace(/^\./, ""));
}

function memberOf(
  variable: Variable,
  { section, object, lowering, hinted }: {
    section: string;
    hinted: boolean;
    object: EbpfObject | undefined;
    lowering: Lowering;
  },
): Member {
  const { name } = variable;
  // Compilers leave the offset in BTF to the linker, as libbpf does to the symbol.
  const symbol = object?.places.get(symbolKey(section, name));
  return {
    name,
    type: lowering.type(variable.type, { hint: hinted ? name : "" }),
    bitOffset: (symbol?.value ?? variable.offset) * 8,
    bits: 0,
    bytes: lowering.bytes(variable.type),
  };
}

function sectionBytes(section: DataSection, object: EbpfObject | undefined): number {
  const inFile = object?.elf.section(section.name);
  return inFile?.size ?? section.bytes;
}

function mustFit(section: string, members: readonly Member[], bytes: number): void {
  let end = 0;
  for (const { name, bitOffset, bytes: size } of members) {
    if (bitOffset / 8 < end) {
      throw new BtfError(`variable "${name}" overlaps another in ${section}`);
    }
    end = bitOffset / 8 + size;
    if (end > bytes) throw new BtfError(`variable "${name}" lies outside of ${section}`);
  }
}
