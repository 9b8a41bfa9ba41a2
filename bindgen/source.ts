/** Input of bindings: an eBPF object, or BTF alone. */
import { Btf, coreTypes, ElfFile, type ElfSymbol, isBtf, isElf } from "../ebpf/btf/mod.ts";
import { BtfError } from "./errors.ts";

/** BTF, and further data of its object. */
export interface Source {
  readonly btf: Btf;
  /** The eBPF object; absent for raw BTF, and for the kernel's and its modules' own files. */
  readonly object: EbpfObject | undefined;
}

/** An eBPF object. */
export interface EbpfObject {
  readonly elf: ElfFile;
  readonly symbols: readonly ElfSymbol[];
  /** By the name of their section and their own: see {@linkcode symbolKey}. */
  readonly places: ReadonlyMap<string, ElfSymbol>;
  /** Types that CO-RE relocations start from. */
  readonly coreTypes: ReadonlySet<number>;
}

/**
 * Reads an ELF file with BTF, or raw BTF.
 *
 * @throws {ElfError} if the file is damaged
 * @throws {BtfError} if the BTF is damaged or missing
 */
export function readSource(bytes: Uint8Array<ArrayBuffer>): Source {
  if (isBtf(bytes)) return { btf: new Btf(bytes), object: undefined };
  if (!isElf(bytes)) {
    throw new BtfError("this is neither an ELF file nor raw BTF", {
      code: "NO_BTF",
      hint: "pass a compiled eBPF object (.bpf.o), or a file like /sys/kernel/btf/vmlinux",
    });
  }
  const elf = new ElfFile(bytes);
  const section = elf.section(".BTF");
  if (section === undefined) {
    throw new BtfError("the file has no section .BTF", {
      code: "NO_BTF",
      hint: "compile the eBPF half with clang -g; llvm-strip -g keeps BTF, a plain strip does not",
    });
  }
  const btf = new Btf(elf.content(section));
  return { btf, object: elf.isEbpf ? readObject(btf, elf) : undefined };
}

function readObject(btf: Btf, elf: ElfFile): EbpfObject {
  const extension = elf.section(".BTF.ext");
  const symbols = elf.symbols();
  const places = new Map(symbols.map((symbol) => [
    symbolKey(elf.sections[symbol.section]?.name ?? "", symbol.name),
    symbol,
  ]));
  return {
    elf,
    symbols,
    places,
    coreTypes: extension === undefined ? new Set() : coreTypes(btf, elf.content(extension)),
  };
}

/** Where a symbol is found. */
export function symbolKey(section: string, name: string): string {
  return `${section}\0${name}`;
}

/** Names of the programs of an object, in the order of their symbols: libbpf's rule. */
export function programNames({ elf, symbols }: EbpfObject): string[] {
  return symbols.filter(({ kind, isGlobal, section }) => {
    const home = elf.sections[section];
    return kind === "function" && isGlobal && home?.isCode === true && home.name !== ".text";
  }).map(({ name }) => name);
}
