/** How a command's failure ends the process. */
import { GuestTrap } from "../runtime/command.ts";
import { UsageError } from "./errors.ts";
import { formatError, printError } from "./output.ts";

const EXIT_HOST_ERROR = 1;
const EXIT_USAGE = 2;
/** 128 + SIGABRT, as for a native program that aborts. */
const EXIT_TRAP = 134;

/**
 * Says on standard error what went wrong.
 *
 * @returns the exit code: 2 for wrong usage, 134 for a trap, else 1
 */
export function reportFailure(error: unknown, options: { verbose: boolean }): number {
  printError(formatError(error, options));
  if (error instanceof UsageError) return EXIT_USAGE;
  return error instanceof GuestTrap ? EXIT_TRAP : EXIT_HOST_ERROR;
}
