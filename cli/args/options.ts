/** Splits a command line into options and operands. */
import { nearest } from "../../ffi/nearest.ts";
import { parseArgs } from "node:util";
import { UsageError } from "../errors.ts";

/** Shape of an option; `argument` names its value in help and is absent for a flag. */
export interface OptionSpec {
  /** Effect, for help, completion and the manual page; absent for a hidden alias. */
  readonly help?: string;
  short?: string;
  argument?: string;
  /** True if the value is optional: "" without it; with it, `=` is required. */
  optional?: boolean;
  /** True if all values count; {@linkcode CommandLine.lists} has them. */
  repeatable?: boolean;
}

/** A parsed command line. */
export interface CommandLine<Name extends string> {
  /** Values of options with an argument; the last one counts. */
  values: Partial<Record<Name, string>>;
  /** Values of repeatable options, in order; absent without any. */
  lists?: Partial<Record<Name, string[]>>;
  flags: Set<Name>;
  /** Words from the first operand on, untouched; all operands when interleaved. */
  rest: string[];
}

/** Command line as seen by code that handles some of its options. */
export interface PartOfLine<Name extends string> {
  readonly values: Readonly<Partial<Record<Name, string>>>;
  readonly lists?: Readonly<Partial<Record<Name, string[]>>>;
  readonly flags: { has(name: Name): boolean };
}

/**
 * Reads options up to the first operand or `--`; with `interleaved`, also options between and after
 * operands.
 *
 * @throws {UsageError} for an unknown option, a missing value or an unexpected one
 */
export function parseCommandLine<Name extends string>(
  args: string[],
  specs: Readonly<Record<Name, OptionSpec>>,
  { interleaved = false }: { interleaved?: boolean } = {},
): CommandLine<Name> {
  const [first = ""] = args;
  if (!interleaved && !first.startsWith("-") && args.length > 0) {
    // The usual line, without what parseArgs() takes at its first call: half a millisecond.
    return { values: {}, flags: new Set(), rest: [...args] };
  }
  const { tokens } = parseArgs({
    args,
    options: Object.fromEntries(
      (Object.entries(specs) as [Name, OptionSpec][]).map((
        [name, { short, argument, optional }],
      ) => [name, {
        type: argument === undefined || optional ? "boolean" as const : "string" as const,
        ...(short === undefined ? {} : { short }),
      }]),
    ),
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  const line: CommandLine<Name> = { values: {}, flags: new Set(), rest: [] };
  for (const token of tokens) {
    if (token.kind === "positional") {
      if (interleaved) {
        line.rest.push(token.value);
        continue;
      }
      line.rest = args.slice(token.index);
      break;
    }
    if (token.kind === "option-terminator") {
      line.rest.push(...args.slice(token.index + 1));
      break;
    }
    takeOption(line, specs, token.name, token.rawName, token.value);
  }
  return line;
}

function takeOption<Name extends string>(
  line: CommandLine<Name>,
  specs: Readonly<Record<Name, OptionSpec>>,
  name: string,
  rawName: string,
  value: string | undefined,
): void {
  if (!Object.hasOwn(specs, name)) {
    const close = nearest(name, Object.keys(specs));
    throw new UsageError(
      `Unknown option "${rawName}"`,
      close === undefined ? undefined : `did you mean --${close}?`,
    );
  }
  const known = name as Name;
  const { argument, optional, repeatable } = specs[known];
  if (argument === undefined) {
    if (value !== undefined) throw new UsageError(`Cannot use ${rawName}: it takes no value`);
    line.flags.add(known);
    return;
  }
  if (optional && value === undefined) {
    line.values[known] = "";
    return;
  }
  if (value === undefined || value === "") {
    throw new UsageError(`Option ${rawName} needs a value: ${rawName} ${argument}`);
  }
  line.values[known] = value;
  if (!repeatable) return;
  line.lists ??= {};
  (line.lists[known] ??= []).push(value);
}
