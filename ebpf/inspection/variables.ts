/** Global variables of an object, with their initial bytes. */
import type { Btf } from "../btf/btf.ts";
import type { ElfFile, ElfSymbol } from "../btf/elf.ts";
import { Sizes } from "../btf/layout.ts";
import { dataSections } from "../btf/maps.ts";

/** A global variable. */
export interface PlainVariable {
  readonly name: string;
  /** Section, such as `.rodata`. */
  readonly section: string;
  readonly offset: number;
  readonly sizeBytes: number;
  /** Id of its type. */
  readonly type: number;
  /** Initial bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const DATA_SECTION = /^\.(rodata|data|bss)(\..+)?$/;
/** Larger ones cannot be set by a word of a command line. */
const MAX_VARIABLE_BYTES = 1 << 16;

/**
 * Lists the variables of sections of data, except those larger than 64 KiB.
 *
 * Offsets are those of symbols: compilers leave the ones of BTF to the linker.
 */
export function variablesOf(elf: ElfFile, btf: Btf): PlainVariable[] {
  const sizes = new Sizes(btf);
  const places = new Map<string, ElfSymbol>();
  for (const symbol of elf.symbols()) if (symbol.kind === "object") places.set(symbol.name, symbol);
  return dataSections(btf).filter(({ name }) => DATA_SECTION.test(name)).flatMap((section) =>
    section.variables.flatMap(({ name, type }): PlainVariable[] => {
      const place = places.get(name);
      const home = elf.sections[place?.section ?? 0];
      if (place === undefined || home?.name !== section.name) return [];
      const sizeBytes = sizeOr0(sizes, type);
      const offset = place.value;
      if (sizeBytes > MAX_VARIABLE_BYTES || offset + sizeBytes > home.size) return [];
      const content = elf.content(home);
      const bytes = home.hasBytes
        ? content.slice(offset, offset + sizeBytes)
        : new Uint8Array(sizeBytes);
      return [{ name, section: section.name, offset, sizeBytes, type, bytes }];
    })
  );
}

function sizeOr0(sizes: Sizes, type: number): number {
  try {
    return sizes.of(type);
  } catch {
    return 0;
  }
}
