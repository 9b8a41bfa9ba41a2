/**
 * Annotations with values of variables in them: targets of programs by `PLACE`, such as
 * `software:cpu-clock@{frequency}`, programs that are loaded, and maps that are shown.
 */
import { type PlainVariable, valueText, type VariableValue } from "../../ebpf/plain/mod.ts";
import { HostError } from "../../ffi/errors.ts";
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
  const isSet = (name: string) => isSetTo(textOf(tool, name, values));
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
  const isSet = sortBy !== undefined && isSetTo(textOf(tool, sortBy.variable, values));
  return {
    ...wish,
    rows: {
      ...wish.rows,
      ...(sortBy === undefined ? {} : { sort: isSet ? sortBy.set : sortBy.unset }),
      ...(limit > 0 ? { limit } : {}),
    },
  };
}

/** Reports whether a value counts as set. */
function isSetTo(text: string): boolean {
  return !/^(false|0|)$/.test(text);
}

/** Evaluates a condition such as `pid && !quiet || all`. */
function holds(tool: Tool, condition: string, values: readonly VariableValue[]): boolean {
  const isTrue = (word: string) =>
    word.startsWith("!") !== isSetTo(textOf(tool, word.replace("!", ""), values));
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
