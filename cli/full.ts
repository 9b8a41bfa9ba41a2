/** The whole command line: picks a command, prints what went wrong. */
import { type Command, COMMANDS } from "./commands.ts";
import { UsageError } from "./errors.ts";
import { reportFailure } from "./failure.ts";
import { HELP, versions } from "./help.ts";
import { parseCommandLine } from "./options.ts";
import { print } from "./output.ts";
import type { ReadModule } from "./plain_run.ts";
import { RUN_OPTIONS, type RunLine } from "./run_options.ts";

/**
 * Runs wasm-bpf with `args`, whatever they are.
 *
 * @param read the module that they name, if it has been read
 * @returns the exit code
 */
export async function main(args: string[], read?: ReadModule): Promise<number> {
  try {
    return await dispatch(args, read);
  } catch (error) {
    return reportFailure(error, { verbose: isVerbose(args) });
  }
}

async function dispatch(args: string[], read: ReadModule | undefined): Promise<number> {
  const line = parseCommandLine(args, RUN_OPTIONS);
  const [word = "", ...words] = line.rest;
  const before = args.slice(0, args.length - line.rest.length);
  // Behind --, a word is a file.
  const name = before.at(-1) === "--" ? undefined : word === "help" ? words[0] : word;
  const command = name === undefined || !Object.hasOwn(COMMANDS, name) ? undefined : COMMANDS[name];
  if (line.flags.has("version")) return answer(versions());
  if (line.flags.has("help") || (word === "help" && name !== "help")) {
    return answer(command === undefined ? HELP : await helpOf(command));
  }
  if (command === undefined) return await run(line, read);
  if (name !== "run" && before.length > 0) {
    throw new UsageError(`Options of ${name} stand behind it`, `try: wasm-bpf ${name} --help`);
  }
  if (asksForHelp(name === "run", words)) return answer(await helpOf(command));
  const { command: start } = await command.load();
  return await start([...before, ...words], read);
}

async function run(line: RunLine, read: ReadModule | undefined): Promise<number> {
  const { runLine } = await import("./run.ts");
  return await runLine(line, read);
}

async function helpOf(command: Command): Promise<string> {
  return (await command.load()).HELP;
}

/** What stands behind a module is the module's own. */
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

/** Whether the user asked for more, as far as the command line can be read. */
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
