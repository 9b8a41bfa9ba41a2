/** Names that BTF has for types of fields: typedefs, enums, and bit-fields of old BTF. */
import { type Btf, type BtfType, Kind, MAX_DEPTH } from "../ebpf/btf/mod.ts";
import type { EnumType, MetricKind } from "./schema.ts";

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

/** Typedefs of values that few users read: JSON alone has them. */
export function isForPrograms(typeNames: readonly string[]): boolean {
  return typeNames.some((name) => /^gadget_(mntns_id|netns_id|timestamp)$/.test(name));
}

/** Names of members of structs of Inspektor Gadget that JSON alone has. */
export function membersForPrograms(struct: string): RegExp | undefined {
  return struct === "gadget_process" ? /^(creds|parent|mntns_id)$/ : undefined;
}

/** Structs that the kernel keeps its own state in, which programs and their users cannot read. */
export function isKernelState(name: string): boolean {
  return /^bpf_(spin_lock|res_spin_lock|timer|wq|task_work|refcount|list_(head|node)|rb_(root|node))$/
    .test(name);
}

/** Returns the kind of metric that a typedef of Inspektor Gadget's headers is for. */
export function gadgetMetric(typeNames: readonly string[]): MetricKind | undefined {
  for (const name of typeNames) {
    const [, kind] = /^gadget_(counter|gauge|histogram)_(?:slot_)?_u(?:32|64)$/.exec(name) ?? [];
    if (kind === "counter" || kind === "gauge" || kind === "histogram") return kind;
  }
  return undefined;
}
