/** Annotations of an object by `sdk/bpf/records.bpf.h`: its tool, options, and how its maps are shown. */
import { type Btf, Kind, resolve } from "../ebpf/btf/mod.ts";
import { tagsOf } from "./annotations.ts";
import { RecordsError } from "./errors.ts";
import { parseSort } from "./order.ts";
import type { SortKey } from "./output_options.ts";

/** Order that depends on a variable. */
export interface SortChoice {
  /** Name of the variable. */
  readonly variable: string;
  /** Order while it is set. */
  readonly set: readonly SortKey[];
  /** Order while it is not. */
  readonly unset: readonly SortKey[];
}

/** Map that is shown: `TABLE`, `HISTOGRAM` or `STACKS`. */
export interface ShownMap {
  /** Name of the map. */
  readonly map: string;
  /** Form that it is shown in. */
  readonly kind: "table" | "histogram" | "stacks";
  /** Time between two prints, as it was written: `1s`. */
  readonly interval?: string;
  /** Order of the rows. */
  readonly sort?: readonly SortKey[];
  /** Order of the rows while a variable is set, and else: `SORT(latency ? -total_ns : -count)`. */
  readonly sortBy?: SortChoice;
  /** Most rows. */
  readonly limit?: number;
  /** Variable with the most rows; 0 for all. */
  readonly limitBy?: string;
  /** True to empty the map after each print. */
  readonly clear?: boolean;
  /** Unit of a histogram's values. */
  readonly unit?: string;
  /** Member that holds the slots of a histogram. */
  readonly slots?: string;
  /** Width of the slots of a linear histogram; log2 without it. */
  readonly linear?: number;
  /** Map with the stacks that ids lead to. */
  readonly ids?: string;
  /** Iterator that fills the map before each look, which empties it. */
  readonly filledBy?: string;
  /** Variables that must be set, or with `!` must not: `per_cpu && !quiet || all`. */
  readonly condition?: string;
}

/** Global variable that is an option. */
export interface OptionAnnotation {
  /** Name of the variable. */
  readonly variable: string;
  /** Id of its type. */
  readonly type: number;
  /** Letter of the option, if it has one. */
  readonly letter?: string;
  /** Effect of the option. */
  readonly help: string;
}

/** Everything that an object's annotations contain. */
export interface ObjectAnnotations {
  /** Name and effect of the tool, if the object has `TOOL`. */
  readonly tool?: { readonly name: string; readonly about: string };
  /** Ids of the types that buffers carry, by the name of the map: `RECORDS`. */
  readonly records: ReadonlyMap<string, number>;
  /** Maps that are shown, in the order of BTF. */
  readonly maps: readonly ShownMap[];
  /** Options, in the order of BTF. */
  readonly options: readonly OptionAnnotation[];
  /** Programs of one place, each way to it a list, the best way first: `WAYS`. */
  readonly ways: readonly (readonly (readonly string[])[])[];
  /** Targets by program, with names of variables in braces: `PLACE`. */
  readonly places: ReadonlyMap<string, string>;
  /** Programs that may be missing: `OPTIONAL`. */
  readonly optional: readonly string[];
  /** Conditions of programs, in the form of those of maps: `ONLY_IF`. */
  readonly conditions: ReadonlyMap<string, string>;
  /** Variable that numbers after the tool's name set, or `SECONDS`: `NUMBERS`. */
  readonly numbers?: string;
  /** Formats whose names are printed, by the variable that requests it: `LISTS`. */
  readonly lists: ReadonlyMap<string, string>;
}

/** Most annotations of one kind; objects have a few dozen. */
const MAX_ANNOTATIONS = 4096;

/**
 * Reads the annotations in an object's BTF.
 *
 * @throws {RecordsError} `BAD_ANNOTATION` for an annotation that is not valid
 * @throws {BtfError} for damaged BTF
 */
export function readAnnotations(btf: Btf): ObjectAnnotations {
  const records = new Map<string, number>();
  const maps: ShownMap[] = [];
  const options: OptionAnnotation[] = [];
  const ways: string[][][] = [];
  const places = new Map<string, string>();
  const optional: string[] = [];
  const conditions = new Map<string, string>();
  const lists = new Map<string, string>();
  let tool: ObjectAnnotations["tool"];
  let numbers: string | undefined;
  for (const [id, tags] of tagsOf(btf)) {
    if (btf.kind(id) !== Kind.Var) continue;
    for (const tag of tags.get(-1) ?? []) {
      const [word, rest] = divide(tag, ":");
      const count = maps.length + options.length + records.size + ways.length + places.size +
        lists.size;
      if (count > MAX_ANNOTATIONS) {
        throw invalid(tag, `there are more than ${MAX_ANNOTATIONS}`);
      }
      if (word === "records") records.set(rest, pointedAt(btf, id, tag));
      else if (word === "table" || word === "histogram" || word === "stacks") {
        maps.push(shownMap(word, rest, tag));
      } else if (word === "option") options.push(optionOf(btf, id, rest, tag));
      else if (word === "ways") ways.push(waysOf(rest));
      else if (word === "optional") optional.push(...namesIn(rest, ","));
      else if (word === "only_if") {
        const [names, condition] = divide(rest, ":");
        checkCondition(condition, tag);
        for (const name of namesIn(names, ",")) conditions.set(name, condition);
      } else if (word === "place") places.set(...divide(rest, ":"));
      else if (word === "numbers") numbers = rest;
      else if (word === "lists") lists.set(...divide(rest, ":"));
      else if (word === "tool") {
        const [name, about] = divide(rest, ":");
        tool = { name, about };
      }
    }
  }
  return {
    ...(tool === undefined ? {} : { tool }),
    records,
    maps,
    options,
    ways,
    places,
    optional,
    conditions,
    ...(numbers === undefined ? {} : { numbers }),
    lists,
  };
}

function checkCondition(condition: string, tag: string): void {
  if (/^ *!?\w+( *(&&|\|\|) *!?\w+)* *$/.test(condition)) return;
  throw invalid(tag, "its condition is not made of names, !, && and ||");
}

/** Reads `PLACE:a, b + c`: a first, then b and c together. */
function waysOf(rest: string): string[][] {
  const [, list] = divide(rest, ":");
  return namesIn(list, ",").map((way) => namesIn(way, "+"));
}

function namesIn(text: string, separator: string): string[] {
  return text.split(separator).map((name) => name.trim()).filter((name) => name !== "");
}

function invalid(tag: string, reason: string): RecordsError {
  return new RecordsError(`Cannot use annotation "${tag.slice(0, 200)}": ${reason}`, {
    code: "BAD_ANNOTATION",
    hint: "write it with the macros of sdk/bpf/records.bpf.h",
  });
}

function divide(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** Returns the id of the type that a marker points to. */
function pointedAt(btf: Btf, id: number, tag: string): number {
  const variable = btf.type(id);
  const target = variable.kind === "var" ? resolve(btf, variable.type).type : undefined;
  if (target?.kind !== "ptr") throw invalid(tag, "its marker is not a pointer");
  return target.type;
}

function optionOf(btf: Btf, id: number, rest: string, tag: string): OptionAnnotation {
  const variable = btf.type(id);
  if (variable.kind !== "var") throw invalid(tag, "it is not on a variable");
  // The letter is a character of C: 'm', or 0.
  const match = /^(?:'(.)'|0):([^]*)$/.exec(rest);
  if (match === null) throw invalid(tag, "its letter is not a character or 0");
  const [, letter, help = ""] = match;
  if (letter !== undefined && !/^[A-Za-z0-9]$/.test(letter)) {
    throw invalid(tag, "its letter is not a letter or digit");
  }
  return {
    variable: variable.name,
    type: variable.type,
    help,
    ...(letter === undefined ? {} : { letter }),
  };
}

function orderOf(text: string): Pick<ShownMap, "sort" | "sortBy"> {
  const [, variable, set = "", unset = ""] = /^ *(\w+) \? (.+) : (.+)$/.exec(text) ?? [];
  if (variable === undefined) return { sort: parseSort(text) };
  return { sortBy: { variable, set: parseSort(set), unset: parseSort(unset) } };
}

function shownMap(kind: ShownMap["kind"], rest: string, tag: string): ShownMap {
  const [map = "", ...words] = rest.split(";");
  if (map === "") throw invalid(tag, "it names no map");
  const values = new Map(words.map((word) => divide(word, "=")));
  const whole = (name: string): number | undefined => {
    const text = values.get(name);
    if (text === undefined) return undefined;
    if (!/^[1-9]\d{0,8}$/.test(text)) throw invalid(tag, `${name} is not a number from 1 on`);
    return Number(text);
  };
  const [interval, sort] = [values.get("interval"), values.get("sort")];
  const limitBy = /^[a-z_]\w*$/i.exec(values.get("limit") ?? "")?.[0];
  const [limit, linear] = [limitBy === undefined ? whole("limit") : undefined, whole("linear")];
  const [unit, slots, ids] = [values.get("unit"), values.get("slots"), values.get("ids")];
  const filledBy = values.get("fill");
  const condition = values.get("if");
  if (condition !== undefined) checkCondition(condition, tag);
  return {
    map,
    kind,
    ...(interval === undefined ? {} : { interval }),
    ...(sort === undefined ? {} : orderOf(sort)),
    ...(limitBy === undefined ? {} : { limitBy }),
    ...(limit === undefined ? {} : { limit }),
    ...(values.has("clear") ? { clear: true } : {}),
    ...(unit === undefined ? {} : { unit }),
    ...(slots === undefined ? {} : { slots }),
    ...(linear === undefined ? {} : { linear }),
    ...(ids === undefined ? {} : { ids }),
    ...(filledBy === undefined ? {} : { filledBy }),
    ...(condition === undefined ? {} : { condition }),
  };
}
