/** `wasm-bpf run`: runs a module from a file. */
import { compileGuest, interruptible, runGuest } from "../runtime/command.ts";
import { parseDuration } from "./duration.ts";
import { UsageError } from "./errors.ts";
import { readModuleFile } from "./module_file.ts";
import { type CommandLine, type OptionSpec } from "./options.ts";
import { formatError, printError, visible } from "./output.ts";
import { lossWarnings, statsFormat } from "./stats.ts";

/** The options of `run`, which is also what happens without a command. */
export const RUN_OPTIONS = {
  "timeout": { argument: "DURATION" },
  "stats": { argument: "json", optional: true },
  "verbose": { short: "v" },
  "wrapper-module-name": { short: "m", argument: "NAME" },
  "callback-export-name": { short: "c", argument: "NAME" },
  "help": { short: "h" },
  "version": { short: "V" },
} as const satisfies Record<string, OptionSpec>;

/** Name of an option of `run`. */
export type RunOption = keyof typeof RUN_OPTIONS;

/**
 * Runs `line.rest[0]` with the rest as its arguments.
 *
 * @returns the guest's exit code
 */
export function run(line: CommandLine<RunOption>): number {
  const [path, ...args] = line.rest;
  if (path === undefined) throw new UsageError("No module given");
  const { timeout } = line.values;
  const timeoutMs = timeout === undefined ? undefined : parseDuration(timeout, "--timeout");
  const verbose = line.flags.has("verbose");
  const guest = compileGuest(readModuleFile(path), path);
  const wrapperModule = line.values["wrapper-module-name"];
  const callbackExport = line.values["callback-export-name"];
  const format = statsFormat(line.values.stats);
  return interruptible(
    { timeoutMs, attendUsr1: format !== undefined },
    (interrupt) =>
      runGuest(guest, {
        interrupt,
        countPrograms: format !== undefined,
        onStats: (stats) => {
          if (stats.final) lossWarnings(stats).forEach((text) => printError(visible(text)));
          if (format !== undefined) printError(visible(format(stats)));
        },
        args: [path, ...args],
        onError: (error) => printError(formatError(error, { verbose })),
        onNotice: (text) => {
          if (verbose) printError(visible(`note: ${text}`));
        },
        ...(wrapperModule === undefined ? {} : { wrapperModule }),
        ...(callbackExport === undefined ? {} : { callbackExport }),
      }),
  );
}
