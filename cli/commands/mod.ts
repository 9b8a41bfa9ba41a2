/** The commands; each file is loaded on first use. */
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

/** Commands by name, in the order of `--help`. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  run: { summary: "run a module (the default command)", load: () => import("./run.ts") },
  pull: { summary: "fetch a module into the local store", load: () => import("./pull.ts") },
  push: { summary: "send a module to a registry", load: () => import("./push.ts") },
  images: { summary: "list the local store", load: () => import("./images.ts") },
  ls: { summary: "list the local store", load: () => import("./images.ts") },
  rm: { summary: "remove modules from the local store", load: () => import("./rm.ts") },
  tag: { summary: "add a reference to a stored module", load: () => import("./tag.ts") },
  inspect: { summary: "show the parts of a module", load: () => import("./inspect.ts") },
  trust: { summary: "manage permissions granted for good", load: () => import("./trust.ts") },
  prune: { summary: "remove unreferenced blobs", load: () => import("./prune.ts") },
  gen: { summary: "generate types or a skeleton from BTF", load: () => import("./gen.ts") },
  new: { summary: "create a directory for a new tool", load: () => import("./new.ts") },
  login: { summary: "store credentials of a registry", load: () => import("./login.ts") },
  logout: { summary: "remove credentials of a registry", load: () => import("./logout.ts") },
  completion: {
    summary: "print a completion script for a shell",
    load: () => import("./completion.ts"),
  },
};
