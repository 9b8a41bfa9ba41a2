/**
 * Words that users of other tools for eBPF type out of habit, in the place of our options: numbers
 * for seconds, and letters for a time limit, an interval, an order and a column of times.
 */
import type { Habit, NumberWords } from "../args/after_name.ts";
import type { Tool, ToolOption } from "./tool.ts";

/** Largest number of seconds or intervals. */
const MAX_DIGITS = 9;

/**
 * Returns the options for numbers after a tool's name: the tool's own by `NUMBERS`, else
 * `INTERVAL [COUNT]` for tables, the seconds to trace for stacks and records. Undefined for other
 * words.
 */
export function optionsOfNumbers(tool: Tool, words: readonly string[]): NumberWords | undefined {
  const isNumber = (word: string) => /^[1-9]\d*$/.test(word) && word.length <= MAX_DIGITS;
  const [first = "", second, ...rest] = words;
  if (!words.every(isNumber) || rest.length > 0) return undefined;
  const option = ownNumber(tool);
  if (option !== undefined) {
    return second === undefined ? { own: [`--${option.names[0]}=${first}`] } : undefined;
  }
  if (takesIntervals(tool)) {
    const isOnce = showsStacks(tool) && second === undefined;
    return { ours: [`--interval=${first}s`, ...(isOnce ? ["--count=1"] : countOf(second))] };
  }
  return second === undefined ? { ours: [`--timeout=${first}s`] } : undefined;
}

/** Returns the form of these numbers in help. */
export function numbersText(tool: Tool): string {
  const [name] = ownNumber(tool)?.names ?? [];
  if (name !== undefined) return `[${name.replaceAll("-", "_").toUpperCase()}]`;
  return takesIntervals(tool) ? "[INTERVAL [COUNT]]" : "[SECONDS]";
}

/** Returns the option that a number after the name sets. */
function ownNumber({ numbers, options }: Tool): ToolOption | undefined {
  return options.find(({ variable }) => variable.name === numbers);
}

function takesIntervals(tool: Tool): boolean {
  return showsTables(tool) && tool.numbers !== "SECONDS";
}

function countOf(text: string | undefined): string[] {
  return text === undefined ? [] : [`--count=${text}`];
}

function showsTables(tool: Tool): boolean {
  const hasRecords = tool.declared.size > 0;
  // Without annotations, all maps are shown; next to records, a table on a condition is an exception.
  const hasTables = tool.tables === undefined
    ? !hasRecords
    : tool.tables.some(({ condition }) => condition === undefined || !hasRecords);
  return hasTables || tool.iterators.length > 0;
}

function showsStacks(tool: Tool): boolean {
  return (tool.stacks?.size ?? 0) > 0;
}

/** Columns of tools whose names differ from those of other tools, by tool and word. */
const COLUMNS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  biotop: { io: "count", time: "total_ns" },
  filetop: { rbytes: "read_bytes", wbytes: "write_bytes" },
  tcptop: { sent: "tx_bytes", received: "rx_bytes" },
  udptop: { sent: "tx_bytes", received: "rx_bytes" },
};

/** Returns the order for `-s COLUMN`, the highest first; undefined for the tool's own, `all`. */
function orderOf({ name }: Tool, text: string): string | undefined {
  if (text === "all") return undefined;
  const columns = Object.hasOwn(COLUMNS, name) ? COLUMNS[name] ?? {} : {};
  return text.split(",").map((word) => {
    if (/^[+-]/.test(word)) return word;
    return `-${Object.hasOwn(columns, word) ? columns[word] : word}`;
  }).join(",");
}

/**
 * Returns the option for a letter that the tool itself does not have: `-d SECONDS`, `-i SECONDS`,
 * `-r ROWS`, `-s COLUMN`, `-c CGROUP`, `-v`, `-f` for folded stacks, and `-T` or `-t` for a column of
 * times, which records have anyway. `-C` leaves the screen as it is, as tables do without `--top`.
 */
export function habitOf(tool: Tool, letter: string): Habit | undefined {
  if (letter === "d") return { name: "timeout" };
  if (letter === "c") return { name: "cgroup" };
  if (letter === "v") return { flag: "verbose" };
  if (!showsTables(tool)) return letter === "T" || letter === "t" ? {} : undefined;
  switch (letter) {
    case "i":
      return { name: "interval" };
    case "r":
      return { name: "limit" };
    case "f":
      return showsStacks(tool) ? { flag: "folded" } : undefined;
    case "s":
      return { name: "sort", translate: (text) => orderOf(tool, text) };
    case "T":
      return { flag: "time" };
    case "C":
      return tool.tables?.some(({ clear }) => clear === true) === true ? {} : undefined;
    default:
      return undefined;
  }
}
