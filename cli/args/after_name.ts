/**
 * Words after the name of a tool or object: its own options are looked at first, then those of wasm-bpf
 * in their long form. What follows the file or reference of a guest is the guest's alone.
 */
import { nearest } from "../../ffi/nearest.ts";
import { UsageError } from "../errors.ts";
import { type OptionSpec, parseCommandLine } from "./options.ts";
import { RUN_OPTIONS, type RunLine, type RunOption } from "./run_options.ts";

/** Option of a tool, as far as it decides which words belong together. */
export interface OwnOption {
  /** True if a value follows it; a flag has one only after `=`. */
  readonly takesValue: boolean;
}

/** Option of ours in the place of a letter that the tool does not have. */
export interface Habit {
  /**
   * Name of our option with a value: a number of seconds, unless it is a limit, a path or an order.
   * Undefined for a flag, and where nothing is to be done.
   */
  readonly name?: "timeout" | "interval" | "limit" | "cgroup" | "sort";
  /** Name of our flag. */
  readonly flag?: "verbose" | "time" | "folded";
  /** Returns the value of our option for that of the letter; undefined leaves the option out. */
  readonly translate?: (value: string) => string | undefined;
}

/** Options in the place of numbers. */
export interface NumberWords {
  readonly own?: readonly string[];
  readonly ours?: readonly string[];
}

/** Command line of a tool. */
export interface ToolSyntax {
  readonly name: string;
  /** Long names, for hints. */
  readonly names: readonly string[];
  /** Letters of ours that the tool does not use by itself, such as `o`. */
  readonly letters: string;
  long(name: string): OwnOption | undefined;
  short(letter: string): OwnOption | undefined;
  /** Looks up the beginning of a long name, which getopt takes as well. */
  abbreviation?(name: string): OwnOption | undefined;
  /** Looks up a letter that neither the tool nor we have, but other tools do. */
  habit?(letter: string): Habit | undefined;
  /** Returns the options that words other than options mean; undefined if they are the tool's. */
  numbers?(words: readonly string[]): NumberWords | undefined;
}

/** Words of a command line, sorted out. */
export interface SplitWords {
  /** Words of the tool, in order; `--` and what follows it included. */
  readonly own: string[];
  /** Options of wasm-bpf, to be parsed as those before the name. */
  readonly ours: string[];
  readonly wantsHelp: boolean;
}

/** Options that decide what is run: after the name it is known. */
const BEFORE: readonly RunOption[] = [
  ...["pull", "platform", "verify-key", "plain-http", "ca-file", "trust-realm"] as const,
  ...["quiet", "installed"] as const,
];

/**
 * Separates the options of a tool from those of wasm-bpf.
 *
 * @throws {UsageError} for a long option that neither has, and for one of ours without its value
 */
export function splitWords(tool: ToolSyntax, words: readonly string[]): SplitWords {
  const end = words.indexOf("--");
  const left = [...(end < 0 ? words : words.slice(0, end))];
  const own: string[] = [];
  const ours: string[] = [];
  const bare: string[] = [];
  let wantsHelp = false;
  const takeOwn = (word: string, takesNext: boolean) => {
    const value = takesNext ? left.shift() : undefined;
    own.push(word, ...(value === undefined ? [] : [value]));
  };
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    const [, name, inline] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (name !== undefined) {
      const option = ownLong(tool, name);
      if (name === "help") wantsHelp = true;
      if (option === undefined) ours.push(ourLong(tool, name, inline, left));
      else takeOwn(word, option.takesValue && inline === undefined);
    } else if (/^-[^-]/.test(word)) {
      const letters = splitLetters(tool, word.slice(1), left);
      wantsHelp ||= letters.wantsHelp;
      ours.push(...letters.ours);
      if (letters.own !== "") takeOwn(`-${letters.own}`, letters.takesNext);
    } else (tool.numbers === undefined ? own : bare).push(word);
  }
  const numbers = bare.length === 0 ? undefined : tool.numbers?.(bare);
  if (numbers === undefined) own.push(...bare);
  else {
    own.push(...numbers.own ?? []);
    ours.unshift(...numbers.ours ?? []);
  }
  return { own: end < 0 ? own : [...own, ...words.slice(end)], ours, wantsHelp };
}

function ownLong(tool: ToolSyntax, name: string): OwnOption | undefined {
  const own = name === "help" ? { takesValue: false } : tool.long(name);
  return own ?? (Object.hasOwn(RUN_OPTIONS, name) ? undefined : tool.abbreviation?.(name));
}

interface SplitLetters {
  /** Letters of the tool, with a value that is written together with its letter. */
  own: string;
  ours: string[];
  /** True if the next word is the value of the tool's last letter. */
  takesNext: boolean;
  wantsHelp: boolean;
}

function splitLetters(tool: ToolSyntax, letters: string, left: string[]): SplitLetters {
  const found: SplitLetters = { own: "", ours: [], takesNext: false, wantsHelp: false };
  for (let at = 0; at < letters.length; at++) {
    const letter = letters[at] ?? "";
    const rest = letters.slice(at + 1);
    const option = tool.short(letter);
    if (option === undefined && tool.letters.includes(letter)) {
      found.ours.push(ourLetter(letter, rest === "" ? left.shift() : rest));
      return found;
    }
    const habit = option === undefined ? tool.habit?.(letter) : undefined;
    if (habit?.name !== undefined) {
      const text = neededValue(`-${letter}`, rest === "" ? left.shift() : rest);
      const value = habit.translate === undefined ? text : habit.translate(text);
      if (value === undefined) return found;
      found.ours.push(`--${habit.name}=${isTime(habit.name) ? inSeconds(value) : value}`);
      return found;
    }
    if (habit?.flag !== undefined) found.ours.push(`--${habit.flag}`);
    if (habit !== undefined) continue;
    found.own += letter;
    if (option === undefined && letter === "h") found.wantsHelp = true;
    if (option?.takesValue !== true) continue;
    found.own += rest;
    found.takesNext = rest === "";
    return found;
  }
  return found;
}

function isTime(name: string): boolean {
  return name === "timeout" || name === "interval";
}

/** Returns a number as a duration; a text with a unit stays. */
function inSeconds(text: string): string {
  return /^\d+(\.\d+)?$/.test(text) ? `${text}s` : text;
}

const SPECS: Readonly<Record<string, OptionSpec>> = RUN_OPTIONS;

function ourLetter(letter: string, value: string | undefined): string {
  const [name = ""] = Object.entries(SPECS).find(([, { short }]) => short === letter) ?? [];
  return `--${name}=${neededValue(`-${letter}`, value)}`;
}

/** Returns an option of ours with its value, as `parseCommandLine` reads it. */
function ourLong(
  tool: ToolSyntax,
  name: string,
  inline: string | undefined,
  left: string[],
): string {
  const spec = Object.hasOwn(SPECS, name) ? SPECS[name] : undefined;
  if (spec === undefined) throw unknownLong(tool, name, Object.keys(SPECS));
  if (name === "version") {
    throw new UsageError(
      `Cannot show the version of "${tool.name}": it has none`,
      "run wasm-bpf --version to show that of wasm-bpf",
    );
  }
  if (BEFORE.some((one) => one === name)) {
    throw new UsageError(
      `Cannot use --${name} after "${tool.name}": it decides what is run`,
      "write it before the name",
    );
  }
  if (inline !== undefined) return `--${name}=${inline}`;
  if (spec.argument === undefined || spec.optional === true) return `--${name}`;
  return `--${name}=${neededValue(`--${name}`, left.shift())}`;
}

function neededValue(word: string, value: string | undefined): string {
  if (value !== undefined) return value;
  throw new UsageError(`Option ${word} needs a value`);
}

/** Returns the error for an option that a tool does not have, with the nearest of its and of `more`. */
export function unknownLong(
  { name: tool, names }: ToolSyntax,
  name: string,
  more: readonly string[],
): UsageError {
  const close = nearest(name, [...names, ...more]);
  return new UsageError(
    `Unknown option "--${name}"`,
    close === undefined
      ? `run wasm-bpf ${tool} --help to show the options`
      : `did you mean --${close}?`,
  );
}

/** Returns the command line with the options of ours that stand after the name. */
export function mergedLine(line: RunLine, ours: readonly string[]): RunLine {
  if (ours.length === 0) return line;
  const more = parseCommandLine([...ours], RUN_OPTIONS);
  const lists = { ...line.lists };
  for (const [name, values] of Object.entries(more.lists ?? {})) {
    const known = name as keyof typeof lists;
    lists[known] = [...lists[known] ?? [], ...values];
  }
  return {
    values: { ...line.values, ...more.values },
    lists,
    flags: new Set([...line.flags, ...more.flags]),
    rest: line.rest,
  };
}
