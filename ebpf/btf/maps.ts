/** Maps and global variables, from BTF of an object's sections. */
import type { Btf } from "./btf.ts";
import { type BtfType, Kind } from "./btf_types.ts";
import { MAX_DEPTH, resolve } from "./layout.ts";

/** A variable of a section. */
export interface Variable {
  readonly name: string;
  readonly type: number;
  readonly linkage: "static" | "global" | "extern";
  /** As BTF has it: compilers leave it to the linker, and 0. */
  readonly offset: number;
}

/** A section of variables. */
export interface DataSection {
  readonly name: string;
  readonly bytes: number;
  readonly variables: readonly Variable[];
}

/** A map that is defined by BTF. */
export interface MapDefinition {
  readonly name: string;
  /** Id of the struct that defines it. */
  readonly definition: number;
  /** `BPF_MAP_TYPE_*`; 0 if it is not given. */
  readonly type: number;
  /** Types of key and value; absent where only a size is given, or nothing. */
  readonly key: number | undefined;
  readonly value: number | undefined;
  /** Of a map of maps. */
  readonly inner: MapDefinition | undefined;
}

/** The sections of variables, in the order of BTF. */
export function dataSections(btf: Btf): DataSection[] {
  const sections: DataSection[] = [];
  for (let id = 1; id < btf.count; id++) {
    if (btf.kind(id) !== Kind.Datasec) continue;
    const section = btf.type(id);
    if (section.kind !== "datasec") continue;
    const variables = section.entries.flatMap(({ type, offset }): Variable[] => {
      const variable = btf.type(type);
      return variable.kind === "var" ? [{ ...variable, offset }] : [];
    });
    sections.push({ name: section.name, bytes: section.bytes, variables });
  }
  return sections;
}

/** The maps of section `.maps`, in its order. */
export function mapsOf(btf: Btf, sections: readonly DataSection[]): MapDefinition[] {
  // Many maps may be of one type.
  const known = new Map<number, MapDefinition | undefined>();
  return sections.filter(({ name }) => name === ".maps")
    .flatMap(({ variables }) => variables)
    .flatMap(({ name, type }) => {
      const { id } = resolve(btf, type);
      if (!known.has(id)) known.set(id, mapOf(btf, name, { type: id, depth: 0 }));
      const map = known.get(id);
      return map === undefined ? [] : [{ ...map, name }];
    });
}

/** Key and value are pointers to their types, numbers are lengths of arrays: libbpf's `__type`, `__uint`. */
function mapOf(
  btf: Btf,
  name: string,
  { type, depth }: { type: number; depth: number },
): MapDefinition | undefined {
  const { id, type: definition } = resolve(btf, type);
  if (definition.kind !== "struct" || depth > MAX_DEPTH) return undefined;
  const member = (wanted: string) => definition.members.find(({ name }) => name === wanted)?.type;
  const target = (id: number | undefined) => pointee(btf, id);
  const values = member("values");
  const number = arrayAt(btf, target(member("type")));
  const slots = values === undefined ? undefined : resolve(btf, values).type;
  const inner = slots?.kind === "array" ? target(slots.type) : undefined;
  return {
    name,
    definition: id,
    type: number?.length ?? 0,
    key: target(member("key")),
    value: target(member("value")),
    inner: inner === undefined ? undefined : mapOf(btf, name, { type: inner, depth: depth + 1 }),
  };
}

/** Returns the target of a pointer; undefined for other types. */
export function pointee(btf: Btf, id: number | undefined): number | undefined {
  if (id === undefined) return undefined;
  const { type } = resolve(btf, id);
  return type.kind === "ptr" ? type.type : undefined;
}

function arrayAt(
  btf: Btf,
  id: number | undefined,
): Extract<BtfType, { kind: "array" }> | undefined {
  if (id === undefined) return undefined;
  const { type } = resolve(btf, id);
  return type.kind === "array" ? type : undefined;
}
