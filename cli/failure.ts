/** Reports a command's failure and selects the exit code. */
import { HostError } from "../ffi/errors.ts";
import { GuestTrap } from "../runtime/command.ts";
import { NotGrantedError, TimedOutError, UsageError } from "./errors.ts";
import { formatError, printError } from "./terminal/output.ts";

const EXIT_HOST_ERROR = 1;
const EXIT_USAGE = 2;
const EXIT_NOT_GRANTED = 3;
/** As in timeout(1). */
const EXIT_TIMED_OUT = 124;
/** 128 + SIGABRT, as for a native program that aborts. */
const EXIT_TRAP = 134;

/** Converts Deno's error for an environment variable that is not UTF-8. */
function unreadableVariable(error: unknown): HostError | undefined {
  if (!(error instanceof Deno.errors.InvalidData)) return undefined;
  if (!error.message.startsWith("environment variable")) return undefined;
  return new HostError(`Cannot read the environment: ${error.message.replace(/^[^:]*: /, "")}`, {
    code: "ENVIRONMENT",
    hint: "set the variable, such as HOME, to a value in UTF-8",
    cause: error,
  });
}

/**
 * Reports the error on standard error.
 *
 * @returns the exit code: 2 for wrong usage, 3 for permissions that were not granted, 124 when the time
 *   of `--timeout` is over, 134 for a trap, else 1
 */
export function reportFailure(failure: unknown, options: { verbose: boolean }): number {
  // A guest that was ended for it is not at fault.
  const isWrapped = failure instanceof Error && failure.cause instanceof NotGrantedError;
  const error = isWrapped ? failure.cause : failure;
  printError(formatError(unreadableVariable(error) ?? error, options));
  if (error instanceof NotGrantedError) return EXIT_NOT_GRANTED;
  if (error instanceof UsageError) return EXIT_USAGE;
  if (error instanceof TimedOutError) return EXIT_TIMED_OUT;
  return error instanceof GuestTrap ? EXIT_TRAP : EXIT_HOST_ERROR;
}
