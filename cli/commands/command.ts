/** Shape of a command. */
import type { HelpPage } from "../args/help_text.ts";
import type { ReadModule } from "../startup/plain_run.ts";

/** Exports of a command's file. */
export interface CommandModule {
  /** Help of the command. */
  readonly PAGE: HelpPage;
  /**
   * Runs the command. `args` has its options as given; the caller handles `--help`.
   *
   * @param read a module that is already in memory, for `run`
   * @returns the exit code
   * @throws {UsageError} for wrong usage, another `HostError` for a failure
   */
  command(args: string[], read?: ReadModule): Promise<number>;
}

/** Row of `--help` with the loader of its command. */
export interface Command {
  readonly summary: string;
  load(): Promise<CommandModule>;
}
