/** Options of a plain object: its words on a command line, and its help. */
import {
  type ObjectFile,
  type PlainVariable,
  typeText,
  unknownName,
  valueBytes,
  ValueError,
  valueText,
  type VariableValue,
} from "../../ebpf/plain/mod.ts";
import { readAnnotations } from "../../records/mod.ts";
import { type ToolSyntax, unknownLong } from "../args/after_name.ts";
import { oursAfterName } from "../args/help_text.ts";
import { UsageError } from "../errors.ts";
import { visible, visibleLine } from "../terminal/output.ts";
import { CONTAINER_VARIABLES } from "../containers/kernel_filter.ts";
import { habitOf, numbersText, optionsOfNumbers } from "./habits.ts";
import type { Tool, ToolOption } from "./tool.ts";

/** Words after a tool's name, sorted out. */
export interface ToolWords {
  readonly values: readonly VariableValue[];
  /** Command to trace; undefined without `--`. */
  readonly command: readonly string[] | undefined;
  readonly wantsHelp: boolean;
  readonly wantsVersion: boolean;
}

/** Returns the command line of a tool. */
export function plainSyntax(tool: Tool): ToolSyntax {
  const { name, options, version } = tool;
  const flag = { takesValue: false };
  return {
    name,
    names: options.flatMap(({ names }) => names),
    letters: "op",
    long: (wanted) => {
      const found = findLong(tool, wanted);
      if (found !== undefined) return { takesValue: !found.option.isFlag };
      return wanted === "version" && version !== undefined ? flag : undefined;
    },
    short: (letter) => {
      const option = options.find(({ short }) => short === letter);
      return option === undefined ? undefined : { takesValue: !option.isFlag };
    },
    habit: (letter) => habitOf(tool, letter),
    numbers: (words) => optionsOfNumbers(tool, words),
  };
}

/**
 * Reads the words of a tool.
 *
 * @throws {UsageError} for an unknown option, and a value that its variable does not take
 */
export function readToolWords(tool: Tool, words: readonly string[]): ToolWords {
  const end = words.indexOf("--");
  const command = end < 0 ? undefined : words.slice(end + 1);
  const left = [...(end < 0 ? words : words.slice(0, end))];
  const values: VariableValue[] = tool.options.flatMap((option) =>
    option.default === undefined ? [] : [valueOf(tool.file, option.variable, option.default)]
  );
  let wantsHelp = false, wantsVersion = false;
  const set = (option: ToolOption, text: string, word: string) =>
    values.push(valueOf(tool.file, option.variable, text, () => helpLine(tool.file, option), word));
  const take = (word: string, inline: string | undefined): string => {
    const value = inline ?? left.shift();
    if (value === undefined) throw new UsageError(`Option ${word} needs a value`);
    return value;
  };
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    const [, name = "", inline] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (name !== "") {
      const found = findLong(tool, name);
      if (found !== undefined) {
        const { option, state } = found;
        if (!option.isFlag) set(option, take(`--${name}`, inline), `--${name}`);
        else if (state !== undefined) set(option, `${state}`, `--${name}`);
        else set(option, inline ?? takeBoolean(left) ?? "true", `--${name}`);
      } else if (name === "help") wantsHelp = true;
      else if (name === "version") wantsVersion = true;
      else throw unknownLong(plainSyntax(tool), name, []);
    } else if (/^-[^-]/.test(word)) {
      for (let letters = word.slice(1); letters !== "";) {
        const letter = letters[0] ?? "";
        letters = letters.slice(1);
        const option = tool.options.find(({ short }) => short === letter);
        if (option === undefined && letter === "h") wantsHelp = true;
        else if (option === undefined && letter === "V") wantsVersion = true;
        else if (option === undefined) throw unknownShort(tool, letter);
        else if (option.isFlag) set(option, "true", `-${letter}`);
        else {
          set(option, take(`-${letter}`, letters === "" ? undefined : letters), `-${letter}`);
          letters = "";
        }
      }
    } else {
      throw new UsageError(
        `Cannot use "${word}": "${tool.name}" takes options only`,
        "pass a command to trace after --",
      );
    }
  }
  return { values, command, wantsHelp, wantsVersion };
}

/** A flag may be followed by its value. */
function takeBoolean(left: string[]): string | undefined {
  return /^(true|false)$/.test(left[0] ?? "") ? left.shift() : undefined;
}

function findLong(
  tool: Tool,
  given: string,
): { option: ToolOption; state?: boolean } | undefined {
  const same = (a: string, b: string) => a.replaceAll("-", "_") === b.replaceAll("-", "_");
  const find = (name: string) =>
    tool.options.find(({ names }) => names.some((known) => same(known, name)));
  const option = find(given);
  if (option !== undefined) return { option };
  const [, word, rest = ""] = /^(no|enable|disable)-(.+)$/.exec(given) ?? [];
  const flag = word === undefined ? undefined : find(rest);
  return flag?.isFlag === true ? { option: flag, state: word === "enable" } : undefined;
}

function unknownShort(tool: Tool, letter: string): UsageError {
  const known = tool.options.flatMap(({ short }) => short === undefined ? [] : [`-${short}`]);
  return new UsageError(
    `Unknown option "-${letter}"`,
    known.length === 0
      ? "after the name, options of wasm-bpf have their long form, except -o and -p"
      : `the tool has ${known.join(", ")}; options of wasm-bpf have their long form here, ` +
        "except -o and -p",
  );
}

/** Reads `--set VAR=VALUE`. */
export function readSettings(
  file: ObjectFile,
  settings: readonly string[],
  commandPid: number | undefined,
): VariableValue[] {
  return settings.map((setting) => {
    const [, name = "", text = ""] = /^([^=]+)=(.*)$/s.exec(setting) ?? [];
    if (name === "") throw new UsageError(`Cannot use --set "${setting}": not VARIABLE=VALUE`);
    const variable = file.variable(name);
    if (variable === undefined) {
      throw unknownName("variable", name, settable(file).map((one) => one.name));
    }
    return valueOf(file, variable, withPids(text, commandPid), undefined, `--set ${name}`);
  });
}

/** Variables that a user can set. */
export function settable(file: ObjectFile): PlainVariable[] {
  return file.variables.filter(({ name, sizeBytes }) =>
    sizeBytes > 0 && !/^__eunomia_dummy|^gadget_|^__gadget|^LICENSE$|^_license$/i.test(name)
  );
}

/**
 * Replaces the words SELF and COMMAND by the numbers of this process and of the traced command.
 *
 * @throws {UsageError} for COMMAND without a command
 */
export function withPids(text: string, commandPid: number | undefined): string {
  if (text === "SELF") return `${Deno.pid}`;
  if (text !== "COMMAND") return text;
  if (commandPid !== undefined) return `${commandPid}`;
  throw new UsageError("Cannot use COMMAND: no command given", "add -- COMMAND at the end");
}

/** @throws {UsageError} when the text is not a value of the variable */
export function valueOf(
  file: ObjectFile,
  variable: PlainVariable,
  text: string,
  help?: () => string,
  word = variable.name,
): VariableValue {
  const { btf } = file;
  if (btf === undefined) throw new UsageError(`Cannot set "${variable.name}": it has no type`);
  try {
    const { name, section, offset } = variable;
    return { name, section, offset, bytes: valueBytes(btf, variable, text) };
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new UsageError(
      `Cannot set ${word} to "${text}": ${error.message}`,
      help?.() ?? `its type is ${typeText(btf, variable.type)}`,
    );
  }
}

/** Describes an option in one line. */
export function helpLine(file: ObjectFile, option: ToolOption): string {
  return `${optionText(file, option)}  ${option.help}`.trimEnd();
}

/** Returns an option's form, such as `-p, --pid INT`. */
export function optionText({ btf }: ObjectFile, option: ToolOption): string {
  const { names: [name = ""], short, isFlag, variable } = option;
  const form = `${short === undefined ? "    " : `-${short}, `}--${name}`;
  const type = btf === undefined ? "" : typeText(btf, variable.type);
  return isFlag ? form : `${form} ${valueWord(name, type)}`;
}

/** Returns the word for a value in help: by the unit in the option's name, or by its type. */
function valueWord(name: string, type: string): string {
  if (/[_-](ns|us|ms|sec|secs)$/.test(name)) return "DURATION";
  if (/(^|[_-])(pid|tgid|tid)$/.test(name)) return "PID";
  if (/^(const )?(volatile )?(unsigned )?char ?\[/.test(type)) return "TEXT";
  if (/\[/.test(type)) return "A,B,...";
  if (/^(float|double)/.test(type)) return "NUMBER";
  if (/^enum\b/.test(type)) return "NAME";
  return "NUMBER";
}

/** Returns the help of a tool, whose texts are the object's. */
export function toolHelp(tool: Tool): string {
  const { file, options, name, about, version } = tool;
  const rows = options.map((option) => {
    const initial = option.default ??
      (file.btf === undefined
        ? ""
        : valueText(file.btf, option.variable.type, option.variable.bytes));
    const suffix = initial === "" || initial === '""' || (option.isFlag && initial === "false")
      ? ""
      : ` (default: ${initial})`;
    const [left, right] = [optionText(file, option), `${option.help}${suffix}`];
    return [`  ${visibleLine(left)}`, visibleLine(right)] as const;
  });
  rows.push(
    ["  -h, --help", "show this help"],
    ...(version === undefined ? [] : [["  -V, --version", "show the version"] as const]),
  );
  const width = Math.min(34, Math.max(...rows.map(([left]) => left.length)) + 2);
  const lines = [
    about ?? `Runs the eBPF object ${name}.`,
    "",
    `Usage: wasm-bpf [OPTIONS] ${name} [OPTIONS] ${numbersText(tool)} [-- COMMAND...]`,
    "",
    "Options of the tool:",
    ...rows.map(([left, right]) =>
      left.length + 2 > width
        ? `${left}\n${" ".repeat(width)}${right}`
        : `${left.padEnd(width)}${right}`
    ),
    "",
    oursAfterName(),
  ];
  return visible(lines.join("\n"));
}

/** Variables of tools that wasm-bpf sets; see ownPids(). */
const PID_VARIABLES: ReadonlySet<string> = new Set(["own_pid", "command_pid"]);

/** Returns options for the read-only variables of an object without metadata. */
export function optionsOf(file: ObjectFile): ToolOption[] {
  const { btf } = file;
  if (btf === undefined) return [];
  const tags = new Map(readAnnotations(btf).options.map((one) => [one.variable, one]));
  // A word of the command line is not the value of a struct, and some variables are set by wasm-bpf.
  const isOption = ({ section, name, type }: PlainVariable) =>
    section === ".rodata" && !PID_VARIABLES.has(name) && !CONTAINER_VARIABLES.has(name) &&
    !/^struct |^union /.test(typeText(btf, type));
  return settable(file).filter(isOption).map((variable) => {
    const tag = tags.get(variable.name);
    const type = typeText(btf, variable.type);
    const short = /^(?:targ|target|filter|cfg|config|opt|arg)_(.+)$/.exec(variable.name)?.[1];
    return {
      variable,
      names: [variable.name, ...(short === undefined ? [] : [short])].map((name) =>
        name.replaceAll("_", "-")
      ),
      ...(tag?.letter === undefined ? {} : { short: tag.letter }),
      help: tag?.help ?? `set variable ${variable.name} of type ${type}`,
      isFlag: /^(_Bool|bool)$/.test(type),
    };
  });
}
