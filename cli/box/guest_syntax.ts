/** Command lines of the guests in the box, by the options that their tables in C list. */
import type { Habit, OwnOption, ToolSyntax } from "../args/after_name.ts";
import { type BoxOption, boxOptions } from "./box.ts";

/** Letters of other tools, where the guest has none: a control group, and a time limit. */
const HABITS: ReadonlyMap<string, Habit> = new Map([
  ["c", { name: "cgroup" }],
  ["d", { name: "timeout" }],
]);

/** Returns the command line of a guest in the box; undefined for other tools. */
export function guestSyntax(tool: string): ToolSyntax | undefined {
  const options = boxOptions(tool);
  if (options === undefined) return undefined;
  const names = options.flatMap(({ name }) => name === undefined ? [] : [name]);
  const long = (wanted: string) => options.find(({ name }) => name === wanted);
  return {
    name: tool,
    names: [...names, "help"],
    letters: "o",
    long,
    short: (wanted) => options.find(({ letter }) => letter === wanted),
    abbreviation: (start) => abbreviated(options, start),
    habit: (letter) => HABITS.get(letter),
  };
}

/** Finds the only option that begins so, as getopt_long does. */
function abbreviated(options: readonly BoxOption[], start: string): OwnOption | undefined {
  const found = options.filter(({ name }) => name?.startsWith(start) === true);
  const isHelp = "help".startsWith(start);
  if (found.length + Number(isHelp) !== 1) return undefined;
  return found[0] ?? { takesValue: false };
}
