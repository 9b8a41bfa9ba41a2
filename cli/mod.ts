/** The command line: picks a command, prints what went wrong, answers with an exit code. */
import { GuestTrap } from "../runtime/command.ts";
import { UsageError } from "./errors.ts";
import { HELP, versions } from "./help.ts";
import { type CommandLine, parseCommandLine } from "./options.ts";
import { formatError, print, printError } from "./output.ts";
import { run, RUN_OPTIONS, type RunOption } from "./run.ts";

const EXIT_HOST_ERROR = 1;
const EXIT_USAGE = 2;
/** 128 + SIGABRT, as for a native program that aborts. */
const EXIT_TRAP = 134;

/**
 * Runs wasm-bpf with `args`, the words behind the program's name.
 *
 * @returns the exit code: the guest's own, or 1 for a host error, 2 for wrong usage, 134 for a trap
 */
export function main(args: string[]): number {
  try {
    return dispatch(args);
  } catch (error) {
    printError(formatError(error, { verbose: isVerbose(args) }));
    if (error instanceof UsageError) return EXIT_USAGE;
    return error instanceof GuestTrap ? EXIT_TRAP : EXIT_HOST_ERROR;
  }
}

function dispatch(args: string[]): number {
  const line = parseCommandLine(args, RUN_OPTIONS);
  if (line.rest[0] === "run" && !line.flags.has("help") && !line.flags.has("version")) {
    const given = args.slice(0, args.length - line.rest.length);
    return answer(parseCommandLine([...given, ...line.rest.slice(1)], RUN_OPTIONS));
  }
  return answer(line);
}

function answer(line: CommandLine<RunOption>): number {
  if (line.flags.has("help")) {
    print(HELP);
    return 0;
  }
  if (line.flags.has("version")) {
    print(versions());
    return 0;
  }
  return run(line);
}

/** Whether the user asked for more, as far as the command line can be read. */
function isVerbose(args: string[]): boolean {
  try {
    const line = parseCommandLine(args, RUN_OPTIONS);
    if (line.rest[0] !== "run") return line.flags.has("verbose");
    return line.flags.has("verbose") || isVerbose(line.rest.slice(1));
  } catch {
    return false;
  }
}
