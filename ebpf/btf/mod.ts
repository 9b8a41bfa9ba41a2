/** Readers of BTF and ELF: types of an eBPF object or of the kernel. Opens no library. */
export { Btf } from "./btf.ts";
export { coreTypes } from "./btf_ext.ts";
export { isBtf } from "./btf_header.ts";
export {
  type BtfEnumerator,
  type BtfMember,
  type BtfParameter,
  type BtfSectionEntry,
  type BtfType,
  Kind,
  type Linkage,
} from "./btf_types.ts";
export { ElfFile, type ElfSymbol, isElf } from "./elf.ts";
export { BtfError, ElfError, type InputErrorOptions } from "./errors.ts";
export {
  C_INTEGERS,
  type IntegerBytes,
  MAX_DEPTH,
  POINTER_BYTES,
  resolve,
  Sizes,
} from "./layout.ts";
export {
  type DataSection,
  dataSections,
  type MapDefinition,
  mapsOf,
  pointee,
  type Variable,
} from "./maps.ts";
