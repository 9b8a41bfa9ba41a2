/**
 * Annotations with values of variables in them: targets of programs by `PLACE`, such as
 * `software:cpu-clock@{frequency}`, and maps that are shown.
 */
import { type PlainVariable, valueText, type VariableValue } from "../../ebpf/plain/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import type { Tool } from "./tool.ts";

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

/**
 * Returns the tables that options select: those whose condition holds, with the units of histograms
 * that depend on an option, such as `UNIT(milliseconds ? msecs : usecs)`.
 */
export function tablesOf(tool: Tool, values: readonly VariableValue[]): Tool["tables"] {
  const isSet = (name: string) => !/^(false|0|)$/.test(textOf(tool, name, values));
  const holds = (condition: string) =>
    condition.split("&&").map((word) => word.trim()).every((word) =>
      word.startsWith("!") ? !isSet(word.slice(1)) : isSet(word)
    );
  return tool.tables?.filter(({ condition }) => condition === undefined || holds(condition)).map(
    (wish) => {
      const [, name, yes = "", no = ""] =
        /^(\w+) \? (\w+) : (\w+)$/.exec(wish.histogram?.unit ?? "") ?? [];
      if (name === undefined) return wish;
      return { ...wish, histogram: { ...wish.histogram, unit: isSet(name) ? yes : no } };
    },
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
