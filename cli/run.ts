/** `wasm-bpf run`: runs a module from a file. */
import { compileGuest } from "../runtime/command.ts";
import { EVERYTHING } from "../runtime/everything.ts";
import { UsageError } from "./errors.ts";
import { grantsOf } from "./grants.ts";
import { runOnCommandLine } from "./guest_run.ts";
import { readModuleFile } from "./module_file.ts";
import { parseCommandLine } from "./options.ts";
import type { ReadModule } from "./plain_run.ts";
import { RUN_OPTIONS, type RunLine } from "./run_options.ts";
import { statsFormat } from "./stats.ts";

export { HELP } from "./help.ts";

/** Runs the module that `args` name. */
export async function command(args: string[], read?: ReadModule): Promise<number> {
  return await runLine(parseCommandLine(args, RUN_OPTIONS), read);
}

/**
 * Runs `line.rest[0]` with the rest as its arguments.
 *
 * @param read the module, if it has been read already
 * @returns the guest's exit code
 */
export function runLine(line: RunLine, read?: ReadModule): Promise<number> {
  const [path] = line.rest;
  if (path === undefined) throw new UsageError("No module given");
  const formatStats = statsFormat(line.values.stats);
  const grants = grantsOf(line);
  const guest = compileGuest(read?.path === path ? read.bytes : readModuleFile(path), path);
  return Promise.resolve(
    runOnCommandLine(guest, line, { features: EVERYTHING, formatStats, grants }),
  );
}
