/** Facts about a run of an object that are known before it is loaded: for `inspect`. */
import { HostError } from "../../ffi/errors.ts";
import {
  groupsOf,
  placementOf,
  type PlainMap,
  TypeFinder,
  wantedPrograms,
} from "../../ebpf/plain/mod.ts";
import { type Schema, schemaOf } from "../../records/mod.ts";
import { recordSettings } from "../records/settings.ts";
import { globalSchema } from "./global_source.ts";
import { hintsOf } from "./places.ts";
import { Sources } from "./sources.ts";
import { withStacks } from "./stack_fields.ts";
import { tableSchema } from "./table_schema.ts";
import type { Tool } from "./tool.ts";
import { helpLine } from "./tool_options.ts";

/** Source of records that a run would show. */
export interface ShownSource {
  readonly name: string;
  readonly kind: "events" | "table" | "histogram" | "iterator" | "printed lines";
  /** Rule that proves the type, where there is one. */
  readonly rule?: string;
  /** Fields that columns show; empty for bytes and text. */
  readonly fields: readonly string[];
}

/** Facts about a run. */
export interface RunFacts {
  readonly sources: readonly ShownSource[];
  /** Options after the tool's name, each with its help. */
  readonly options: readonly string[];
  /** Programs that are loaded, of several ways to a place the best. */
  readonly programs: readonly string[];
  /** Programs without a place: what they take. */
  readonly lacking: readonly { readonly program: string; readonly hint: string }[];
  readonly notes: readonly string[];
  /** Reason why it cannot be run at all. */
  readonly problem?: string;
}

const NOTHING = { values: {}, flags: new Set<never>(), rest: [] };

/** Describes a run without options. */
export function runFacts(tool: Tool): RunFacts {
  const options = tool.options.map((option) => helpLine(tool.file, option));
  const nothing = { sources: [], options, programs: [], lacking: [], notes: tool.notes };
  try {
    const shown = { ...tool, hints: hintsOf(tool, []) };
    return { ...nothing, ...programsOf(tool), sources: sourcesOf(shown) };
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return { ...nothing, problem: error.message };
  }
}

function programsOf(tool: Tool): Pick<RunFacts, "programs" | "lacking"> {
  const choice = { attach: tool.targets, interfaces: [] };
  const chosen = groupsOf(wantedPrograms(tool.file, choice)).flatMap((ways) => ways[0] ?? []);
  const lacking = chosen.flatMap((program) => {
    const placement = placementOf(tool.file, program, choice);
    return placement.kind !== "lacking" ? [] : [{
      program: program.name,
      hint: `${placement.reason}: pass --attach ${program.name}=TARGET; ${placement.form}`,
    }];
  });
  return { programs: chosen.map(({ name }) => name), lacking };
}

function sourcesOf(tool: Tool): ShownSource[] {
  const finder = new TypeFinder(tool.file, { files: [] });
  const sources = new Sources(tool, finder, NOTHING, recordSettings(NOTHING));
  const name = (map: PlainMap) => tool.sourceNames.get(map.name) ?? map.name;
  return [
    ...sources.events.map(({ map, types: { types, rule } }): ShownSource => ({
      name: name(map),
      kind: "events",
      ...(types.length === 0 ? {} : { rule }),
      fields: types.flatMap(({ type, name }) => {
        const hints = { name, ...tool.hints.get(map.name), isFramed: true };
        const wish = tool.stacks?.get(map.name);
        return shown(withStacks(schemaOf(type.btf, type.id, hints), tool.file, wish));
      }),
    })),
    ...sources.tables.map((wish): ShownSource => {
      const { schema, histogram } = tableSchema(sources.tableParts(wish));
      return {
        name: schema.name,
        kind: histogram === undefined ? "table" : "histogram",
        fields: shown(schema),
      };
    }),
    ...sources.globals.map((wish): ShownSource => {
      const { schema, histogram } = globalSchema(tool.file, wish);
      return {
        name: wish.source,
        kind: histogram === undefined ? "table" : "histogram",
        rule: "global variables",
        fields: shown(schema),
      };
    }),
    ...sources.iterators.map(({ source, type, mark, hints }): ShownSource => ({
      name: source,
      kind: "iterator",
      fields: type === undefined
        ? []
        : shown(mark(schemaOf(type.type.btf, type.type.id, { name: type.name, ...hints }))),
    })),
    ...(sources.printsLines
      ? [{ name: "printk", kind: "printed lines" as const, fields: [] }]
      : []),
  ];
}

function shown({ fields }: Schema): string[] {
  return fields.filter(({ hidden }) => hidden !== true).map(({ name }) => name);
}
