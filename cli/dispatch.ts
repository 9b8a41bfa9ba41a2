/** Selects a command and reports its failure; restores arguments that are not UTF-8. */
import { HostError } from "../ffi/errors.ts";
import { nearest } from "../ffi/nearest.ts";
import { decodeText, processArguments } from "../runtime/everything.ts";
import { renderHelp } from "./args/help_text.ts";
import { parseCommandLine } from "./args/options.ts";
import { hintForOtherTool } from "./args/mistakes.ts";
import { RUN_OPTIONS, type RunLine } from "./args/run_options.ts";
import { type Command, COMMANDS, INTERNAL } from "./commands/mod.ts";
import { DEFAULT_HINT, UsageError } from "./errors.ts";
import { reportFailure } from "./failure.ts";
import { mainHelp, versions } from "./help.ts";
import type { ReadModule } from "./startup/plain_run.ts";
import { EXIT_BROKEN_PIPE, isBrokenPipe, print } from "./terminal/output_file.ts";
import { EXIT_INTERRUPTED, PromptEnded } from "./terminal/prompt.ts";

/**
 * Runs wasm-bpf with any arguments.
 *
 * @param read the module that they name, if it has been read
 * @returns the exit code
 */
export async function dispatch(given: string[], read?: ReadModule): Promise<number> {
  const args = rawArguments(given);
  try {
    return await start(args, read);
  } catch (error) {
    // The user closed the pipe or ended the prompt; a message would not help.
    if (isBrokenPipe(error)) return EXIT_BROKEN_PIPE;
    if (error instanceof PromptEnded) return EXIT_INTERRUPTED;
    return reportFailure(error, { verbose: isVerbose(args) });
  }
}

async function start(args: string[], read: ReadModule | undefined): Promise<number> {
  const line = parseCommandLine(args, RUN_OPTIONS);
  const [word = "", ...words] = line.rest;
  const before = args.slice(0, args.length - line.rest.length);
  // After --, a word is a file.
  const isFile = before.at(-1) === "--";
  const command = isFile ? undefined : commandOf(word);
  if (line.flags.has("version")) return answer(versions());
  if (line.flags.has("help")) {
    return answer(await (command === undefined ? mainHelp() : helpOf(command)));
  }
  if (args.length === 0) return answer(await mainHelp());
  if (word === "help" && !isFile) {
    const text = await helpAbout(words[0]);
    if (text !== undefined) return answer(text);
    return await run({ ...line, rest: [words[0] ?? "", "--help"] }, undefined, { isFile });
  }
  if (command === undefined) return await run(line, read, { isFile });
  return await withItsHint(word, async () => {
    if (word !== "run" && before.length > 0) {
      throw new UsageError(`Cannot use options before "${word}": they follow the command`);
    }
    if (asksForHelp(word === "run", words)) return answer(await helpOf(command));
    const { command: begin } = await command.load();
    try {
      return await begin([...before, ...words], read);
    } catch (error) {
      if (word !== "run") throw error;
      const module = parseCommandLine(words, RUN_OPTIONS).rest[0] ?? "";
      throw await withNearest(error, module, { kinds: "a tool", more: [] });
    }
  });
}

/** Words that can replace a command. */
const WORDS = [...Object.keys(COMMANDS), "help"];

function commandOf(word: string): Command | undefined {
  if (Object.hasOwn(COMMANDS, word)) return COMMANDS[word];
  return Object.hasOwn(INTERNAL, word) ? INTERNAL[word] : undefined;
}

/** Runs a module without a command; suggests a command if the word is not a module. */
async function run(
  line: RunLine,
  read: ReadModule | undefined,
  { isFile }: { isFile: boolean },
): Promise<number> {
  const { runLine } = await import("./run_line.ts");
  try {
    return await runLine(line, read);
  } catch (error) {
    const [word = ""] = line.rest;
    if (isFile) throw error;
    throw await withNearest(error, word, { kinds: "a command, not a tool", more: WORDS });
  }
}

/**
 * Returns an error that names the nearest tool, or one of `more` words, in place of one about a word
 * that is neither a file nor a reference; other errors as they are.
 */
async function withNearest(
  error: unknown,
  word: string,
  { kinds, more }: { kinds: string; more: readonly string[] },
): Promise<unknown> {
  const { NoModuleError } = await import("./module/named_module.ts");
  if (!(error instanceof NoModuleError)) return error;
  const other = more.length === 0 ? undefined : hintForOtherTool(word);
  const close = nearest(word, [...more, ...await toolNames()]);
  if (other === undefined && close === undefined) return error;
  return new UsageError(
    `Cannot run "${word}": not ${kinds}, and no such file`,
    other ?? `did you mean wasm-bpf ${close}?`,
  );
}

async function toolNames(): Promise<string[]> {
  const { boxTools } = await import("./box/box.ts");
  return [...boxTools().map(({ name }) => name), ...await installedNames()];
}

/** Returns none where the installed tools cannot be read: what uses them reports that. */
async function installedNames(): Promise<string[]> {
  const { readInstalled } = await import("../oci/mod.ts");
  try {
    return readInstalled().map(({ name }) => name);
  } catch (error) {
    if (error instanceof HostError) return [];
    throw error;
  }
}

/** Returns the text of `wasm-bpf help WORD`; undefined for a tool, which prints its own. */
async function helpAbout(word: string | undefined): Promise<string | undefined> {
  if (word === undefined || word === "help" || word.startsWith("-")) return await mainHelp();
  const command = commandOf(word);
  if (command !== undefined) return await helpOf(command);
  const { isBoxTool } = await import("./box/box.ts");
  if (isBoxTool(word) || (await installedNames()).includes(word)) return undefined;
  const close = nearest(word, [...WORDS, ...await toolNames()]);
  const hint = close === undefined
    ? "run wasm-bpf --help to show the commands"
    : `did you mean ${close}?`;
  throw new UsageError(`Unknown command "${word}"`, hintForOtherTool(word) ?? hint);
}

/** Refers to the command's own help after wrong usage. */
async function withItsHint<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UsageError) || error.hint !== DEFAULT_HINT) throw error;
    throw new UsageError(error.message, `run wasm-bpf ${name} --help to show the options`);
  }
}

async function helpOf(command: Command): Promise<string> {
  if (command === COMMANDS["run"]) return await mainHelp();
  return renderHelp((await command.load()).PAGE);
}

/** Words after a module are its arguments. */
function asksForHelp(isRun: boolean, words: string[]): boolean {
  const ours = isRun
    ? words.slice(0, words.length - parseCommandLine(words, RUN_OPTIONS).rest.length)
    : words.slice(0, words.includes("--") ? words.indexOf("--") : undefined);
  return ours.includes("-h") || ours.includes("--help");
}

function answer(text: string): number {
  print(text);
  return 0;
}

/** Reports whether the readable part of the command line has `--verbose`. */
function isVerbose(args: string[]): boolean {
  try {
    const line = parseCommandLine(args, RUN_OPTIONS);
    if (line.flags.has("verbose")) return true;
    const [word = "", ...words] = line.rest;
    if (!Object.hasOwn(COMMANDS, word)) return false;
    return word === "run" ? isVerbose(words) : words.includes("-v") || words.includes("--verbose");
  } catch {
    return false;
  }
}

/**
 * Returns the arguments as they were given; an invalid byte becomes a lone surrogate, as in
 * `ffi/c_values.ts`.
 */
export function rawArguments(args: string[]): string[] {
  if (!args.some((text) => text.includes("\ufffd"))) return args;
  const given = processArguments().slice(-args.length);
  return args.map((text, i) => given[i] === undefined ? text : decodeText(given[i]));
}
