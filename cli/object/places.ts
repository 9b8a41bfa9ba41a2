/**
 * Annotations with values of variables in them: targets of programs by `PLACE`, such as
 * `software:cpu-clock@{frequency}`, programs that are loaded, and maps that are shown.
 */
import { type PlainVariable, valueText, type VariableValue } from "../../ebpf/plain/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import { syscallName } from "../../records/mod.ts";
import type { TableWish, Tool } from "./tool.ts";

/**
 * Returns the targets with the values of variables in them.
 *
 * @param values values that the command line sets, the last one of a variable counts
 *
 * @throws {HostError} `BAD_ANNOTATION` for a variable that the object does not have
 */
export function placesOf(tool: Tool, values: readonly VariableValue[]): Map<string, string> {
  const places = new Map<string, string>();
  for (const [program, place] of tool.places ?? []) {
    places.set(
      program,
      place.replace(/\{(\w+)\}/g, (_, name: string) => textOf(tool, name, values)),
    );
  }
  return places;
}

/** Returns hints for programs whose target is not there, by program: the option that sets another. */
export function placeHints(tool: Tool): Map<string, string> {
  const hints = new Map<string, string>();
  for (const [program, place] of tool.places ?? []) {
    const [, name] = /\{(\w+)\}:/.exec(place) ?? [];
    const option = tool.options.find(({ variable }) => variable.name === name);
    if (option !== undefined) hints.set(program, `pass --${option.names[0]} FILE: ${option.help}`);
  }
  return hints;
}

/**
 * Returns the programs that options leave out: those of `ONLY_IF` whose condition does not hold, and
 * iterators that fill none of the shown tables.
 */
export function leftOut(
  tool: Tool,
  values: readonly VariableValue[],
  tables: Tool["tables"],
): string[] {
  const others = [...tool.conditions ?? []].flatMap(([program, condition]) =>
    holds(tool, condition, values) ? [] : [program]
  );
  const unused = (tool.fillers ?? []).filter((program) =>
    tables?.some(({ filledBy }) => filledBy === program) !== true
  );
  return [...others, ...unused];
}

/**
 * Returns the tables that options select: those whose condition holds, with the units of histograms
 * that depend on an option, such as `UNIT(milliseconds ? msecs : usecs)`.
 */
export function tablesOf(tool: Tool, values: readonly VariableValue[]): Tool["tables"] {
  const isSet = (name: string) => isSetTo(tool, name, textOf(tool, name, values));
  return tool.tables?.filter(({ condition }) =>
    condition === undefined || holds(tool, condition, values)
  ).map((wish) => withOrder(tool, wish, values)).map(
    (wish) => {
      const [, name, yes = "", no = ""] =
        /^(\w+) \? (\w+) : (\w+)$/.exec(wish.histogram?.unit ?? "") ?? [];
      if (name === undefined) return wish;
      return { ...wish, histogram: { ...wish.histogram, unit: isSet(name) ? yes : no } };
    },
  );
}

/** Returns a table with the order and the number of rows that depend on variables. */
function withOrder(tool: Tool, wish: TableWish, values: readonly VariableValue[]): TableWish {
  const { sortBy, limitBy } = wish;
  const limit = limitBy === undefined ? 0 : Number(textOf(tool, limitBy, values));
  const isSet = sortBy !== undefined &&
    isSetTo(tool, sortBy.variable, textOf(tool, sortBy.variable, values));
  return {
    ...wish,
    rows: {
      ...wish.rows,
      ...(sortBy === undefined ? {} : { sort: isSet ? sortBy.set : sortBy.unset }),
      ...(limit > 0 ? { limit } : {}),
    },
  };
}

/** Returns the hints of a tool's sources, with the members of `SHOWN_IF` whose condition holds. */
export function hintsOf(tool: Tool, values: readonly VariableValue[]): Tool["hints"] {
  const known = new Map<string, boolean>();
  const isShown = (condition: string) => {
    const before = known.get(condition);
    if (before !== undefined) return before;
    const isTrue = holds(tool, condition, values);
    known.set(condition, isTrue);
    return isTrue;
  };
  const hints = new Map(tool.hints);
  // Iterators are sources by the names of their programs, or of their declaration.
  const named = [...tool.file.maps, ...tool.file.programs].map(({ name }) => name);
  for (const name of [...named, ...tool.iterators.map(({ source }) => source)]) {
    hints.set(name, { isShown, ...tool.hints.get(name) });
  }
  return hints;
}

/** Formats whose names can be printed: names by number, with gaps. */
const LISTED: ReadonlyMap<string, () => (string | undefined)[]> = new Map([
  ["syscall", () => Array.from({ length: 1024 }, (_, number) => syscallName(number))],
]);

/** Returns the names that an option requests instead of a trace, each after its number. */
export function listedNames(tool: Tool, values: readonly VariableValue[]): string | undefined {
  for (const [name, format] of tool.lists ?? []) {
    if (!isSetTo(tool, name, textOf(tool, name, values))) continue;
    const names = LISTED.get(format);
    if (names === undefined) {
      throw new HostError(`Cannot list the names of format "${format}": it has no list`, {
        code: "BAD_ANNOTATION",
        hint: `formats with lists: ${[...LISTED.keys()].join(", ")}`,
      });
    }
    return names().flatMap((text, number) =>
      text === undefined ? [] : [`${`${number}`.padStart(3)}: ${text}`]
    ).join("\n");
  }
  return undefined;
}

/** Reports whether a value counts as set; of an enum, the name of 0 does not. */
function isSetTo({ file }: Tool, name: string, text: string): boolean {
  const variable = file.variable(name);
  const zero = variable === undefined || file.btf === undefined
    ? ""
    : valueText(file.btf, variable.type, new Uint8Array(Math.min(variable.bytes.length, 8)));
  return !/^(false|0|)$/.test(text) && text !== zero;
}

/** Evaluates a condition such as `pid && !quiet || all`. */
function holds(tool: Tool, condition: string, values: readonly VariableValue[]): boolean {
  const isTrue = (word: string) => {
    const name = word.replace("!", "");
    return word.startsWith("!") !== isSetTo(tool, name, textOf(tool, name, values));
  };
  return condition.split("||").some((part) =>
    part.split("&&").map((word) => word.trim()).every(isTrue)
  );
}

function textOf({ file }: Tool, name: string, values: readonly VariableValue[]): string {
  const variable: PlainVariable | undefined = file.variable(name);
  if (variable === undefined || file.btf === undefined) {
    throw new HostError(`Cannot use a place with {${name}}: the object has no such variable`, {
      code: "BAD_ANNOTATION",
    });
  }
  const bytes = values.findLast((value) => value.name === name)?.bytes ?? variable.bytes;
  const text = valueText(file.btf, variable.type, bytes);
  return text.startsWith('"') ? JSON.parse(text) as string : text;
}
