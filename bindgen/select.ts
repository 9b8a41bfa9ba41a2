/**
 * Selection of the types that are emitted by default; `docs/gen.md` documents the rule.
 *
 * Ring-buffer events are the difficulty: a program reserves room and fills it in, and BTF does not
 * link a map with the type of its events. The types that an object defines for itself are the best
 * guess.
 */
import {
  type Btf,
  type BtfType,
  type DataSection,
  Kind,
  type MapDefinition,
  mapsOf,
  pointee,
  resolve,
} from "../ebpf/btf/mod.ts";
import { type EbpfObject, programNames, type Source } from "./source.ts";

/** A type to emit. */
export interface Root {
  readonly id: number;
  /** Name of the type if it has none. */
  readonly hint: string;
}

/** Sections whose variables are the kernel's. */
const KERNEL_SECTIONS = /^\.(kconfig|ksyms|struct_ops(\.link)?|\?struct_ops(\.link)?)$/;
/** Sections with variables about the object, without data of it. */
const META_SECTIONS = /^(\.maps|maps|license|version)$/;
/** CO-RE flavour, such as `task_struct___old`: a type of some kernel version. */
const FLAVOUR = /.___/;

const DEFINITIONS: readonly number[] = [Kind.Struct, Kind.Union, Kind.Enum, Kind.Enum64];
/** `BPF_MAP_TYPE_PERF_EVENT_ARRAY`, `BPF_MAP_TYPE_RINGBUF`. */
const EVENT_MAPS = [4, 27];

/** Returns the types to emit by default, and whether events may be missing. */
export function defaultRoots(
  { btf, object }: Source,
  sections: readonly DataSection[],
): { roots: Root[]; eventsUnknown: boolean } {
  if (object === undefined) {
    return { roots: definitions(btf, () => true), eventsUnknown: false };
  }
  const maps = mapsOf(btf, sections);
  const roots = maps.flatMap((map) => rootsOfMap(map));
  const pointers: Root[] = [];
  for (const { name: section, variables } of sections) {
    if (KERNEL_SECTIONS.test(section) || META_SECTIONS.test(section)) continue;
    for (const { name, type } of variables) {
      roots.push({ id: type, hint: name });
      const target = pointee(btf, type);
      if (target !== undefined) pointers.push({ id: target, hint: name });
    }
  }
  const kernel = kernelTypes(btf, object, sections);
  const definers = new Set(maps.flatMap(definitionsOf));
  const rest = definitions(btf, (id) => !kernel.has(id) && !definers.has(id));
  const other = reach(btf, roots.map(({ id }) => id), (type) => type.kind !== "ptr");
  const events = pointers.length > 0 || rest.some(({ id }) => !other.has(id));
  const wantsEvents = maps.some(({ type }) => EVENT_MAPS.includes(type));
  return { roots: [...roots, ...pointers, ...rest], eventsUnknown: wantsEvents && !events };
}

function rootsOfMap({ name, key, value, inner }: MapDefinition): Root[] {
  return [
    ...(key === undefined ? [] : [{ id: key, hint: `${name}_key` }]),
    ...(value === undefined ? [] : [{ id: value, hint: `${name}_value` }]),
    ...(inner === undefined ? [] : rootsOfMap(inner)),
  ];
}

function definitionsOf({ definition, inner }: MapDefinition): number[] {
  return [definition, ...(inner === undefined ? [] : definitionsOf(inner))];
}

/** Reports whether the variables of a section are shown as a struct. */
export function holdsGlobals(section: string): boolean {
  return /^\.(rodata|data|bss)(\.|$)/.test(section);
}

/** All types with a definition and a name, be it a typedef's, in the order of their ids. */
function definitions(btf: Btf, accept: (id: number) => boolean): Root[] {
  const roots: Root[] = [];
  for (let id = 1; id < btf.count; id++) {
    const kind = btf.kind(id);
    if (!DEFINITIONS.includes(kind) && kind !== Kind.Typedef) continue;
    const name = btf.name(id);
    if (name === "" || FLAVOUR.test(name)) continue;
    const target = kind === Kind.Typedef ? resolve(btf, id) : undefined;
    if (target !== undefined && !(isDefinition(target.type) && target.type.name === "")) continue;
    if (accept(id) && (target === undefined || accept(target.id))) roots.push({ id, hint: "" });
  }
  return roots;
}

function isDefinition(type: BtfType): type is Extract<BtfType, { kind: "struct" | "enum" }> {
  return type.kind === "struct" || type.kind === "union" || type.kind === "enum";
}

/**
 * The kernel's types in an object, and all that they contain or point to: those that CO-RE relocations
 * name, the contexts of programs, and what kernel functions and variables are made of.
 */
function kernelTypes(btf: Btf, object: EbpfObject, sections: readonly DataSection[]): Set<number> {
  const programs = new Set(programNames(object));
  const waiting: number[] = [...object.coreTypes];
  for (const { name, variables } of sections) {
    for (const { type, linkage } of variables) {
      if (KERNEL_SECTIONS.test(name) || linkage === "extern") waiting.push(type);
    }
  }
  for (let id = 1; id < btf.count; id++) {
    if (btf.kind(id) !== Kind.Func) continue;
    const func = btf.type(id);
    if (func.kind !== "func") continue;
    if (func.linkage === "extern" || programs.has(func.name)) waiting.push(func.type);
  }
  return reach(btf, waiting, () => true);
}

/** The types of these ids, and all that those lead to which `follow` accepts. */
function reach(
  btf: Btf,
  ids: readonly number[],
  follow: (type: BtfType) => boolean,
): Set<number> {
  const found = new Set<number>();
  const waiting = [...ids];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    const type = btf.type(id);
    if (!follow(type)) continue;
    // One after another: a struct may have more members than a call takes arguments.
    for (const next of references(type)) waiting.push(next);
  }
  return found;
}

function references(type: BtfType): number[] {
  switch (type.kind) {
    case "ptr":
    case "array":
    case "typedef":
    case "modifier":
      return [type.type];
    case "struct":
    case "union":
      return type.members.map((member) => member.type);
    case "proto":
      return [type.returns, ...type.parameters.map((parameter) => parameter.type)];
    default:
      return [];
  }
}
