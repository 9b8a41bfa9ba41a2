/** Maps of an object as its BTF, its data sections, or an old `maps` section define them. */
import type { Btf } from "../btf/btf.ts";
import type { ElfFile } from "../btf/elf.ts";
import { resolve, Sizes } from "../btf/layout.ts";
import { dataSections, mapsOf } from "../btf/maps.ts";
import { MapType } from "../map_types.ts";
import { mapMemory } from "./map_memory.ts";

/** A map. */
export interface MapFacts {
  readonly name: string;
  /** Name of the type, such as `ring_buffer`; its number where it is not known. */
  readonly type: string;
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly maxEntries: number;
  /** Flags of `enum bpf_map_flags`. */
  readonly flags: number;
  /** Bytes in the kernel when it is full, with a value a CPU where the type has one. */
  readonly memoryBytes: number;
}

/** `struct bpf_map_def` of libbpf before 1.0: five 32-bit numbers. */
const LEGACY_BYTES = 20;

const NAMES = new Map<number, string>(
  Object.entries(MapType).map(([name, number]) => [
    number,
    name.replaceAll(/(?<=[a-z])[A-Z]/g, "_$&").toLowerCase(),
  ]),
);

/** Definition of a map. */
type Definition = Omit<MapFacts, "type" | "memoryBytes" | "flags"> & {
  readonly type: number;
  readonly flags?: number;
  readonly extra?: number;
};

/**
 * Lists the maps; those of global variables by the name of their section.
 *
 * @param cpus possible CPUs, for the memory
 */
export function mapFacts(elf: ElfFile, btf: Btf | undefined, cpus = 1): MapFacts[] {
  const definitions = [
    ...(btf === undefined ? [] : btfMaps(btf)),
    ...legacyMaps(elf),
    ...dataMaps(elf, btf),
  ];
  return definitions.map((
    { name, type, keyBytes, valueBytes, maxEntries, flags = 0, extra = 0 },
  ) => ({
    name,
    type: typeName(type),
    keyBytes,
    valueBytes,
    maxEntries,
    flags,
    memoryBytes: mapMemory({ type, keyBytes, valueBytes, maxEntries, extra }, cpus),
  }));
}

function btfMaps(btf: Btf): Definition[] {
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
      type,
      keyBytes: sizeOf(key) ?? number("key_size"),
      valueBytes: sizeOf(value) ??
        // Programs and maps that an object puts there are descriptors.
        (hasMember(btf, definition, "values") ? 4 : number("value_size")),
      maxEntries: number("max_entries"),
      flags: number("map_flags"),
      extra: number("map_extra"),
    };
  });
}

function hasMember(btf: Btf, definition: number, member: string): boolean {
  const { type } = resolve(btf, definition);
  return type.kind === "struct" && type.members.some(({ name }) => name === member);
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

function legacyMaps(elf: ElfFile): Definition[] {
  const index = elf.sections.findIndex(({ name }) => name === "maps");
  const section = elf.sections[index];
  if (section === undefined) return [];
  const bytes = elf.content(section);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return elf.symbols().filter((symbol) =>
    symbol.section === index && symbol.value + LEGACY_BYTES <= bytes.length
  ).map(({ name, value }) => ({
    name,
    type: view.getUint32(value, true),
    keyBytes: view.getUint32(value + 4, true),
    valueBytes: view.getUint32(value + 8, true),
    maxEntries: view.getUint32(value + 12, true),
    flags: view.getUint32(value + 16, true),
  }));
}

/** Sections of global variables: libbpf makes an array of one element of each. */
function dataMaps(elf: ElfFile, btf: Btf | undefined): Definition[] {
  const known = new Map(
    btf === undefined ? [] : dataSections(btf).map(({ name, bytes }) => [name, bytes]),
  );
  const isData = (name: string) => /^\.(data|rodata|bss)(\..+)?$/.test(name);
  const facts = elf.sections.filter(({ name, size }) => isData(name) && size > 0).map(
    ({ name, size }) => ({
      name,
      type: MapType.Array,
      keyBytes: 4,
      valueBytes: Math.max(size, known.get(name) ?? 0),
      maxEntries: 1,
    }),
  );
  const valueBytes = btf === undefined ? 0 : kconfigBytes(btf);
  if (valueBytes === 0) return facts;
  return [...facts, {
    name: ".kconfig",
    type: MapType.Array,
    keyBytes: 4,
    valueBytes,
    maxEntries: 1,
  }];
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
