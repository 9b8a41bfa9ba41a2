/** Names that BTF has for types of fields: typedefs, enums, and bit-fields of old BTF. */
import { type Btf, type BtfType, Kind, MAX_DEPTH } from "../ebpf/btf/mod.ts";
import type { EnumType } from "./schema.ts";

const knownEnums = new WeakMap<Btf, Map<string, EnumType["names"] | undefined>>();

/** Returns the names of an enum by its own name; undefined if the BTF has no such enum. */
export function enumNamesIn(types: Btf, name: string): EnumType["names"] | undefined {
  const known = knownEnums.get(types) ?? new Map<string, EnumType["names"] | undefined>();
  knownEnums.set(types, known);
  if (known.has(name)) return known.get(name);
  const [id] = types.find(name, (kind) => kind === Kind.Enum || kind === Kind.Enum64);
  const type = id === undefined ? undefined : types.type(id);
  const names = type?.kind === "enum" ? type.values : undefined;
  known.set(name, names);
  return names;
}

/** Bit-fields of BTF before `kind_flag`: their integer type has the place. */
export function legacyBits(
  type: BtfType,
  bitOffset: number,
): { bitOffset: number; bitSize: number } | Record<never, never> {
  if (type.kind !== "int" || type.bits === type.bytes * 8) return {};
  return { bitOffset: bitOffset + type.bitOffset, bitSize: type.bits };
}

/** Returns the names of typedefs around a type or the elements of an array, and of its integer. */
export function typeNamesOf(btf: Btf, id: number): string[] {
  const names: string[] = [];
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const type = btf.type(id);
    if (type.kind === "typedef") names.push(type.name);
    else if (type.kind === "int" || type.kind === "enum") names.push(type.name);
    if (
      type.kind !== "typedef" && type.kind !== "modifier" && type.kind !== "tag" &&
      type.kind !== "array"
    ) {
      break;
    }
    id = type.type;
  }
  return names;
}

/** Typedefs of numbers that few users read. */
export function isHidden(typeNames: readonly string[]): boolean {
  return typeNames.includes("gadget_mntns_id") || typeNames.includes("gadget_netns_id");
}
