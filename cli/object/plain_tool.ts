/** Objects without metadata, except the annotations of `sdk/bpf/records.bpf.h` in their BTF. */
import type { Btf } from "../../ebpf/btf/mod.ts";
import { type EventTypes, ObjectFile, typed, unknownName } from "../../ebpf/plain/mod.ts";
import { type ObjectAnnotations, readAnnotations, type ShownMap } from "../../records/mod.ts";
import { parseDuration } from "../terminal/duration.ts";
import { isIterator } from "./iterator_source.ts";
import type { StackWish } from "./stack_fields.ts";
import type { TableWish, Tool } from "./tool.ts";
import { optionsOf } from "./tool_options.ts";

/**
 * Returns an object without metadata as a tool.
 *
 * @throws {HostError} `BAD_ANNOTATION`, `NO_MAP` for annotations that are not valid
 */
export function plainTool(bytes: Uint8Array<ArrayBuffer>, name: string): Tool {
  const file = new ObjectFile(bytes);
  const annotations = file.btf === undefined ? undefined : readAnnotations(file.btf);
  const about = annotations?.tool?.about;
  return {
    name,
    file,
    ...(about === undefined ? {} : { about: sentence(about) }),
    options: optionsOf(file),
    declared: declaredTypes(file, annotations),
    sourceNames: new Map(),
    hints: new Map(),
    tables: tablesOf(file, annotations?.maps ?? []),
    stacks: stacksOf(annotations?.maps ?? []),
    iterators: [],
    fillers: (annotations?.maps ?? []).flatMap(({ filledBy }) => filledBy ?? []),
    targets: new Map(),
    ...programsOf(file, annotations),
    ...wordsOf(file, annotations),
    notes: [],
    lossMaps: new Map(),
  };
}

/** Returns the annotations of a command line: `NUMBERS` and `LISTS`. */
function wordsOf(
  file: ObjectFile,
  annotations: ObjectAnnotations | undefined,
): Pick<Tool, "numbers" | "lists"> {
  if (annotations === undefined) return {};
  const { numbers, lists } = annotations;
  const isOption = numbers !== undefined && numbers !== "SECONDS";
  for (const name of [...(isOption ? [numbers] : []), ...lists.keys()]) {
    if (file.variable(name) !== undefined) continue;
    throw unknownName("variable", name, file.variables.map((one) => one.name));
  }
  return { ...(numbers === undefined ? {} : { numbers }), lists };
}

/** Returns the annotations of programs: `WAYS`, `PLACE`, `OPTIONAL` and `ONLY_IF`. */
function programsOf(
  file: ObjectFile,
  annotations: ObjectAnnotations | undefined,
): Pick<Tool, "places" | "ways" | "optional" | "conditions"> {
  if (annotations === undefined) return {};
  const { places, ways, optional, conditions } = annotations;
  const names = file.programs.map(({ name }) => name);
  for (const name of [...places.keys(), ...ways.flat(2), ...optional, ...conditions.keys()]) {
    if (!names.includes(name)) throw unknownName("program", name, names);
  }
  return { places, ways, optional, conditions };
}

/** Returns the types that `RECORDS` declares, by map. */
function declaredTypes(
  file: ObjectFile,
  annotations: ObjectAnnotations | undefined,
): Map<string, EventTypes> {
  const types = new Map<string, EventTypes>();
  for (const [map, id] of annotations?.records ?? []) {
    checkMap(file, map);
    types.set(map, {
      types: [typed(nameOf(file.btf, id) ?? map, { btf: file.btf as Btf, id })],
      rule: "the object's annotations",
      mayBeShort: true,
      sizes: [],
      candidates: [],
    });
  }
  return types;
}

function nameOf(btf: Btf | undefined, id: number): string | undefined {
  const type = btf?.type(id);
  return type !== undefined && "name" in type && type.name !== "" ? type.name : undefined;
}

/** Returns the maps of `TABLE`, `HISTOGRAM` and `STACKS`; undefined leaves the choice to the object. */
function tablesOf(file: ObjectFile, maps: readonly ShownMap[]): TableWish[] | undefined {
  if (maps.length === 0) return undefined;
  return maps.map((shown) => {
    const { map, kind, interval, clear, sort, limit, unit, slots, linear, condition } = shown;
    const { sortBy, limitBy, filledBy } = shown;
    checkMap(file, map);
    if (filledBy !== undefined) checkIterator(file, filledBy);
    return {
      map,
      ...(interval === undefined ? {} : { intervalMs: parseDuration(interval, "INTERVAL of") }),
      ...(clear === true ? { clear } : {}),
      ...(condition === undefined ? {} : { condition }),
      ...(sortBy === undefined ? {} : { sortBy }),
      ...(limitBy === undefined ? {} : { limitBy }),
      ...(filledBy === undefined ? {} : { filledBy }),
      rows: { ...(sort === undefined ? {} : { sort }), ...(limit === undefined ? {} : { limit }) },
      ...(kind === "histogram"
        ? {
          histogram: {
            ...(unit === undefined ? {} : { unit }),
            ...(slots === undefined ? {} : { slots }),
            ...(linear === undefined ? {} : { isLinear: true, step: linear }),
          },
        }
        : {}),
    };
  });
}

/** Returns the facts of `STACKS`. */
function stacksOf(maps: readonly ShownMap[]): Map<string, StackWish> {
  return new Map(
    maps.filter(({ kind }) => kind === "stacks").map(({ map, ids }) => [
      map,
      { isKey: true, ...(ids === undefined ? {} : { ids }) },
    ]),
  );
}

function checkMap(file: ObjectFile, name: string): void {
  if (file.map(name) !== undefined) return;
  throw unknownName("map", name, file.maps.map((map) => map.name));
}

/** @throws {HostError} `NO_PROGRAM` for a name that is not one of an iterator */
function checkIterator(file: ObjectFile, name: string): void {
  const iterators = file.programs.filter(({ section }) => isIterator(section));
  if (iterators.some((program) => program.name === name)) return;
  throw unknownName("program", name, iterators.map((program) => program.name));
}

/** Returns a summary such as "show ended processes" as the first line of a help text. */
function sentence(summary: string): string {
  const [, verb = "", rest = ""] = /^(\w+)(.*)$/s.exec(summary) ?? [];
  return verb === "" ? summary : `${verb[0]?.toUpperCase()}${verb.slice(1)}s${rest}.`;
}
