/** Maps of an object as its BTF, its data sections, or an old `maps` section define them. */
import type { Btf } from "../btf/btf.ts";
import type { ElfFile } from "../btf/elf.ts";
import { resolve, Sizes } from "../btf/layout.ts";
import { dataSections, mapsOf } from "../btf/maps.ts";
import { MapType } from "../map_types.ts";

/** A map. */
export interface MapFacts {
  readonly name: string;
  /** Name of the type, such as `ring_buffer`; its number where it is not known. */
  readonly type: string;
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly maxEntries: number;
}

/** `struct bpf_map_def` of libbpf before 1.0: five 32-bit numbers. */
const LEGACY_BYTES = 20;

const NAMES = new Map<number, string>(
  Object.entries(MapType).map(([name, number]) => [
    number,
    name.replaceAll(/(?<=[a-z])[A-Z]/g, "_$&").toLowerCase(),
  ]),
);

/** Lists the maps; those of global variables by the name of their section. */
export function mapFacts(elf: ElfFile, btf: Btf | undefined): MapFacts[] {
  return [
    ...(btf === undefined ? [] : btfMaps(btf)),
    ...legacyMaps(elf),
    ...dataMaps(elf, btf),
  ];
}

function btfMaps(btf: Btf): MapFacts[] {
  const sizes = new Sizes(btf);
  const sizeOf = (id: number | undefined) => {
    try {
      return id === undefined ? undefined : sizes.of(id);
    } catch {
      // A type without a size, which the load refuses.
      return undefined;
    }
  };
  return mapsOf(btf, dataSections(btf)).map(({ name, definition, type, key, value }) => {
    const number = (member: string) => numberOf(btf, definition, member) ?? 0;
    return {
      name,
      type: typeName(type),
      keyBytes: sizeOf(key) ?? number("key_size"),
      valueBytes: sizeOf(value) ?? number("value_size"),
      maxEntries: number("max_entries"),
    };
  });
}

/** Reads libbpf's `__uint(member, number)`: the length of an array that a pointer points to. */
function numberOf(btf: Btf, definition: number, member: string): number | undefined {
  const { type } = resolve(btf, definition);
  if (type.kind !== "struct") return undefined;
  const id = type.members.find(({ name }) => name === member)?.type;
  const pointer = id === undefined ? undefined : resolve(btf, id).type;
  const array = pointer?.kind === "ptr" ? resolve(btf, pointer.type).type : undefined;
  return array?.kind === "array" ? array.length : undefined;
}

function legacyMaps(elf: ElfFile): MapFacts[] {
  const index = elf.sections.findIndex(({ name }) => name === "maps");
  const section = elf.sections[index];
  if (section === undefined) return [];
  const bytes = elf.content(section);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return elf.symbols().filter((symbol) =>
    symbol.section === index && symbol.value + LEGACY_BYTES <= bytes.length
  ).map(({ name, value }) => ({
    name,
    type: typeName(view.getUint32(value, true)),
    keyBytes: view.getUint32(value + 4, true),
    valueBytes: view.getUint32(value + 8, true),
    maxEntries: view.getUint32(value + 12, true),
  }));
}

/** Sections of global variables: libbpf makes an array of one element of each. */
function dataMaps(elf: ElfFile, btf: Btf | undefined): MapFacts[] {
  const known = new Map(
    btf === undefined ? [] : dataSections(btf).map(({ name, bytes }) => [name, bytes]),
  );
  const isData = (name: string) => /^\.(data|rodata|bss)(\..+)?$/.test(name);
  const facts = elf.sections.filter(({ name, size }) => isData(name) && size > 0).map(
    ({ name, size }) => ({
      name,
      type: typeName(MapType.Array),
      keyBytes: 4,
      valueBytes: Math.max(size, known.get(name) ?? 0),
      maxEntries: 1,
    }),
  );
  const valueBytes = btf === undefined ? 0 : kconfigBytes(btf);
  if (valueBytes === 0) return facts;
  const type = typeName(MapType.Array);
  return [...facts, { name: ".kconfig", type, keyBytes: 4, valueBytes, maxEntries: 1 }];
}

/** libbpf lays the variables out by their alignment, which is their size; compilers leave offsets 0. */
function kconfigBytes(btf: Btf): number {
  const sizes = new Sizes(btf);
  const section = dataSections(btf).find(({ name }) => name === ".kconfig");
  return (section?.variables ?? []).map(({ type }) => variableBytes(btf, sizes, type))
    .sort(([a], [b]) => b - a)
    .reduce((end, [align, size]) => Math.ceil(end / align) * align + size, 0);
}

function variableBytes(btf: Btf, sizes: Sizes, id: number): readonly [align: number, size: number] {
  try {
    const { type } = resolve(btf, id);
    const size = sizes.of(id);
    return [type.kind === "array" ? sizes.of(type.type) || 1 : size || 1, size];
  } catch {
    // A type without a size, which the load refuses.
    return [1, 0];
  }
}

function typeName(type: number): string {
  return NAMES.get(type) ?? `type ${type}`;
}
