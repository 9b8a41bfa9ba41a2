/** Sources of one run: events, tables, iterators and printed lines. */
import { HostError } from "../../ffi/errors.ts";
import { MapType } from "../../ebpf/mod.ts";
import {
  eventMaps,
  type EventTypes,
  isTable,
  notedMaps,
  type PlainMap,
  shownMaps,
  type TypeFinder,
  unknownName,
} from "../../ebpf/plain/mod.ts";
import type { RunLine } from "../args/run_options.ts";
import type { RecordSettings } from "../records/settings.ts";
import { iteratorsOf, type IteratorSource } from "./iterator_source.ts";
import { withStacks } from "./stack_fields.ts";
import { globalSchema, type GlobalWish, globalWishes } from "./global_source.ts";
import { tableSchema } from "./table_schema.ts";
import type { TableWish, Tool } from "./tool.ts";

/** `bpf_trace_printk` and `bpf_trace_vprintk`. */
const PRINTK = [6, 177];

/** Kinds of maps that count lost records. */
const ARRAYS: ReadonlySet<number> = new Set([MapType.Array, MapType.PercpuArray]);

/** Map of events with the types of its records. */
export interface EventWish {
  readonly map: PlainMap;
  readonly types: EventTypes;
}

/** Decides, before anything is loaded, what is shown. */
export class Sources {
  readonly tool: Tool;
  readonly line: RunLine;
  readonly settings: RecordSettings;
  readonly events: readonly EventWish[];
  readonly tables: readonly TableWish[];
  readonly iterators: readonly IteratorSource[];
  /** Variables that are shown where an object has no other output. */
  readonly globals: readonly GlobalWish[];
  readonly printsLines: boolean;

  /** @throws {HostError} `NO_MAP`, `NO_TYPE`, `BAD_TYPE` for names that the object does not have */
  constructor(tool: Tool, finder: TypeFinder, line: RunLine, settings: RecordSettings) {
    this.tool = tool;
    this.line = line;
    this.settings = settings;
    const { file } = tool;
    const given = givenEvents(tool, line.lists?.event ?? []);
    this.events = eventMaps(file).map((map) => ({
      map,
      types: finder.find(
        { name: map.name, kind: "map" },
        given.get(map.name) ?? given.get(""),
        tool.declared.get(map.name),
      ),
    }));
    this.iterators = iteratorsOf(tool, (name) =>
      finder.find(
        { name, kind: "iterator" },
        given.get(name) ?? (eventMaps(file).length === 0 ? given.get("") : undefined),
        tool.declared.get(name),
      ));
    const prints = file.programs.some(({ calls }) => PRINTK.some((one) => calls.helpers.has(one)));
    const { tables, globals } = this.#tables(prints);
    this.tables = tables;
    this.globals = globals;
    const hasOther =
      this.events.length + this.iterators.length + tables.length + globals.length > 0;
    this.printsLines = !line.flags.has("no-printk") &&
      (line.flags.has("printk") || (prints && !hasOther));
  }

  /** True if there is nothing to show. */
  get isSilent(): boolean {
    const sources = [...this.events, ...this.iterators, ...this.tables, ...this.globals];
    return sources.length === 0 && !this.printsLines;
  }

  #tables(prints: boolean): { tables: TableWish[]; globals: GlobalWish[] } {
    const { tool, line, settings } = this;
    const names = (line.lists?.map ?? []).flatMap((text) => text.split(","));
    const known = tool.file.maps.filter(isTable).map(({ name }) => name);
    const { intervalMs } = settings;
    const interval = intervalMs === undefined ? {} : { intervalMs };
    const clear = line.flags.has("clear") ? { clear: true } : {};
    for (const name of names) if (!known.includes(name)) throw this.#notShown(name, known);
    const declared = tool.tables ?? [];
    const given = names.length > 0
      ? names.map((map) => declared.find((one) => one.map === map) ?? { map })
      : tool.tables;
    const { tables, globals } = given === undefined
      ? this.#defaultTables(prints)
      : { tables: given, globals: [] };
    return { tables: tables.map((wish) => ({ ...wish, ...interval, ...clear })), globals };
  }

  #notShown(name: string, known: readonly string[]): HostError {
    if (this.tool.file.map(name) === undefined) return unknownName("map", name, known);
    const others = known.length === 0 ? "no other map has" : `maps that have: ${known.join(", ")}`;
    return new HostError(`Cannot show map "${name}": its type has no rows of values`, {
      code: "BAD_MAP",
      hint: others,
    });
  }

  #defaultTables(prints: boolean): { tables: TableWish[]; globals: GlobalWish[] } {
    const { file } = this.tool;
    const hasOther = this.events.length > 0 || this.iterators.length > 0 ||
      (prints && !this.line.flags.has("no-printk")) || this.line.flags.has("printk");
    if (hasOther) return { tables: [], globals: [] };
    const asTables = (maps: readonly PlainMap[]) => maps.map(({ name }) => ({ map: name }));
    const shown = shownMaps(file);
    if (shown.length > 0) return { tables: asTables(shown), globals: [] };
    const globals = globalWishes(file);
    return { tables: globals.length > 0 ? [] : asTables(notedMaps(file)), globals };
  }

  /** Checks that all types can be shown; before the thread is confined. */
  prepare(): void {
    for (const wish of this.tables) tableSchema(this.tableParts(wish));
    for (const wish of this.globals) globalSchema(this.tool.file, wish);
  }

  /** Returns the parts of a table. */
  tableParts(wish: TableWish): Parameters<typeof tableSchema>[0] {
    const { tool, line } = this;
    const map = tool.file.map(wish.map);
    if (map === undefined) {
      throw unknownName("map", wish.map, tool.file.maps.map(({ name }) => name));
    }
    return {
      map,
      btf: tool.file.btf,
      wish,
      hints: tool.hints.get(wish.map),
      mark: (schema) => withStacks(schema, tool.file, tool.stacks?.get(wish.map)),
      perCpu: line.flags.has("per-cpu"),
      keyName: line.values["key-as"],
    };
  }

  /** Returns the map that counts the records lost in a buffer; Inspektor Gadget's name is the rule. */
  lossMap(buffer: string): PlainMap | undefined {
    const map = this.tool.file.map(this.tool.lossMaps.get(buffer) ?? `${buffer}_lost_samples`);
    const isCounter = map !== undefined && (ARRAYS.has(map.type) && map.maxEntries === 1) &&
      (map.valueBytes === 4 || map.valueBytes === 8);
    return isCounter ? map : undefined;
  }
}

/** Reads `--event [MAP=]TYPE`; "" for one without a map. */
function givenEvents(tool: Tool, texts: readonly string[]): Map<string, string> {
  const names = [
    ...eventMaps(tool.file).map(({ name }) => name),
    ...tool.file.programs.filter(({ section }) => /^\??iter/.test(section)).map(({ name }) => name),
  ];
  return new Map(texts.map((text) => {
    const [, name, type] = /^\s*([A-Za-z_]\w*)\s*=\s*(.+)$/s.exec(text) ?? [];
    if (name === undefined || type === undefined) return ["", text];
    if (!names.includes(name)) throw unknownName("map", name, names);
    return [name, type];
  }));
}
