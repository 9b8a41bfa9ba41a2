/**
 * Inspektor Gadget's objects: the macros of its headers leave variables whose names, split at `___`,
 * say what the maps and programs are for.
 */
import {
  type EventTypes,
  ObjectFile,
  type PlainVariable,
  structOf,
  typed,
  typeText,
} from "../../ebpf/plain/mod.ts";
import type { FieldHint, SchemaHints } from "../../records/mod.ts";
import { optionsOf } from "./tool_options.ts";
import type { IteratorWish, TableWish, Tool, ToolOption } from "./tool.ts";
import { record, text } from "./untyped.ts";

const MARKER = /^gadget_(tracer|iter|snapshotter|mapiter|map_tracer|mapelem_iter_target|param)_/;

/** Reports whether an object was made with Inspektor Gadget's macros. */
export function isGadget(file: ObjectFile): boolean {
  return file.variables.some(({ name }) => MARKER.test(name));
}

/** Letters and names of parameters that Inspektor Gadget's operators know. */
const WELL_KNOWN: Readonly<Record<string, string>> = {
  "targ_pid": "pid",
  "targ_tid": "tid",
  "targ_uid": "uid",
  "targ_gid": "gid",
  "targ_comm": "comm",
  "collect_ustack": "collect-ustack",
};

const DEFAULT_INTERVAL_MS = 1000;

/**
 * Returns the tool of a gadget.
 *
 * @param meta content of its gadget.yaml, if there is one
 */
export function gadgetTool(
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
  { meta, hasWasm = false }: { meta?: unknown; hasWasm?: boolean } = {},
): Tool {
  const file = new ObjectFile(bytes);
  const yaml = record(meta);
  const markers = new Markers(file);
  const about = text(yaml["description"]);
  return {
    name,
    file,
    ...(about === undefined ? {} : { about }),
    options: [...paramOptions(file, yaml), ...remaining(file)],
    declared: markers.declared,
    sourceNames: markers.sourceNames,
    hints: hintsOf(yaml, markers),
    tables: markers.tables.length === 0 ? undefined : markers.tables,
    iterators: markers.iterators,
    targets: new Map([...markers.targets, ...clocksOf(file, yaml)]),
    notes: hasWasm
      ? ["the gadget's Wasm layer is not run: its fields are as the kernel wrote them"]
      : [],
    lossMaps: markers.lossMaps,
  };
}

/** Reads the markers of one object. */
class Markers {
  readonly #file: ObjectFile;
  readonly declared = new Map<string, EventTypes>();
  readonly sourceNames = new Map<string, string>();
  readonly lossMaps = new Map<string, string>();
  readonly targets = new Map<string, readonly string[]>();
  readonly tables: TableWish[] = [];
  readonly iterators: IteratorWish[] = [];

  constructor(file: ObjectFile) {
    this.#file = file;
    for (const { name } of file.variables) this.#read(name);
  }

  #read(variable: string): void {
    const [, kind = "", rest = ""] =
      /^gadget_(tracer|iter|snapshotter|mapiter|map_tracer|mapelem_iter_target)_(.+)$/
        .exec(variable) ?? [];
    const [first = "", ...parts] = rest.split("___");
    const [second = "", third = ""] = parts;
    switch (kind) {
      case "tracer":
        this.#declare(second, third, first);
        this.sourceNames.set(second, first);
        break;
      case "map_tracer":
        this.lossMaps.set(first, `${first}_lost_samples`);
        break;
      case "iter":
      case "snapshotter": {
        const programs = parts.slice(1).filter((name) =>
          this.#file.programs.some((program) => program.name === name)
        );
        for (const program of programs) this.#declare(program, second, first);
        if (programs.length > 0) this.iterators.push({ source: first, programs });
        break;
      }
      case "mapiter":
        if (this.#file.map(second) !== undefined) {
          this.tables.push({
            map: second,
            source: first,
            intervalMs: DEFAULT_INTERVAL_MS,
            clear: true,
          });
        }
        break;
      case "mapelem_iter_target":
        this.targets.set(first, [second]);
    }
  }

  #declare(source: string, struct: string, title: string): void {
    const { btf } = this.#file;
    const id = btf?.find(struct, () => true).map((one) => this.#structId(one))
      .find((one) => one !== undefined);
    if (btf === undefined || id === undefined) return;
    this.declared.set(source, {
      types: [typed(struct, { btf, id })],
      rule: `the marker of data source "${title}"`,
      mayBeShort: true,
      sizes: [],
      candidates: [],
    });
  }

  #structId(id: number): number | undefined {
    try {
      return this.#file.btf && structOf(this.#file.btf, id);
    } catch {
      // A type of another kind that has the name.
      return undefined;
    }
  }
}

/** Options of the variables that `GADGET_PARAM` marks. */
function paramOptions(file: ObjectFile, yaml: Record<string, unknown>): ToolOption[] {
  const { btf } = file;
  const described = record(record(yaml["params"])["ebpf"]);
  return file.variables.flatMap(({ name: marker }): ToolOption[] => {
    const name = /^gadget_param_(.+)$/.exec(marker)?.[1] ?? "";
    const variable: PlainVariable | undefined = file.variable(name);
    if (variable === undefined || btf === undefined) return [];
    const { key, alias, description, defaultValue } = record(described[name]);
    const initial = text(defaultValue);
    const short = text(alias);
    const type = typeText(btf, variable.type);
    return [{
      variable,
      names: [...new Set([text(key) ?? WELL_KNOWN[name] ?? name, name])],
      ...(short?.length === 1 ? { short } : {}),
      help: text(description) ?? `set variable ${name} of type ${type}`,
      isFlag: /^(_Bool|bool)$/.test(type),
      ...(initial === undefined || initial === "" ? {} : { default: initial }),
    }];
  });
}

/** Further read-only variables, as of other objects. */
function remaining(file: ObjectFile): ToolOption[] {
  return optionsOf(file).filter(({ variable }) =>
    file.variable(`gadget_param_${variable.name}`) === undefined
  );
}

/** Descriptions and visibility of fields in gadget.yaml, by source. */
function hintsOf(
  yaml: Record<string, unknown>,
  { sourceNames, declared, tables, iterators }: Markers,
): Map<string, SchemaHints> {
  const sources = record(yaml["datasources"] ?? yaml["dataSources"]);
  const named = [
    ...declared.keys(),
    ...tables.map(({ map }) => map),
    ...iterators.map((one) => one.source),
  ];
  const hints = new Map<string, SchemaHints>(named.map((name) => [name, { isGadget: true }]));
  for (const [source, value] of Object.entries(sources)) {
    const fields: Record<string, FieldHint> = {};
    for (const [field, content] of Object.entries(record(record(value)["fields"]))) {
      const annotations = record(record(content)["annotations"]);
      const help = text(annotations["description"]);
      const unit = text(annotations["metrics.unit"]);
      const hidden = annotations["columns.hidden"];
      fields[field] = {
        ...(help === undefined ? {} : { help }),
        ...(unit === undefined ? {} : { unit }),
        ...(hidden === true || hidden === "true" ? { hidden: true } : {}),
        ...(hidden === false || hidden === "false" ? { hidden: false } : {}),
      };
    }
    const map = [...sourceNames].find(([, name]) => name === source)?.[0] ??
      tables.find((table) => table.source === source)?.map ?? source;
    hints.set(map, { isGadget: true, fields });
  }
  return hints;
}

/** Perf events of `perf_event/NAME` programs: 49 times a second where gadget.yaml has no frequency. */
function clocksOf(file: ObjectFile, yaml: Record<string, unknown>): Map<string, readonly string[]> {
  const described = record(yaml["programs"]);
  return new Map(
    file.programs.filter(({ section }) => /^perf_event(\/|$)/.test(section)).map(({ name }) => {
      const { frequency } = record(record(described[name])["sampler"]);
      const hertz = typeof frequency === "number" && frequency >= 1 ? Math.floor(frequency) : 49;
      return [name, [`software:cpu-clock@${hertz}`]];
    }),
  );
}
