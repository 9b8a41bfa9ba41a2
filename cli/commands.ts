/** The commands, each in a file of its own that is loaded when it is called. */
import type { ReadModule } from "./plain_run.ts";

/** A command's file. */
export interface CommandModule {
  /** What `wasm-bpf NAME --help` prints, at most 80 columns wide. */
  readonly HELP: string;
  /**
   * Does it. Options are in `args` as they were given; `--help` is answered before.
   *
   * @param read a module that is already in memory, for `run`
   * @returns the exit code
   * @throws {UsageError} for wrong usage, another `HostError` for what fails
   */
  command(args: string[], read?: ReadModule): Promise<number>;
}

/** A row of `--help`, and how to get at what is behind it. */
export interface Command {
  readonly summary: string;
  load(): Promise<CommandModule>;
}

/** By name, in the order of `--help`. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  run: { summary: "run a module; also without this word", load: () => import("./run.ts") },
  pull: { summary: "bring a module into the local store", load: () => import("./pull.ts") },
  push: { summary: "send a module to a registry", load: () => import("./push.ts") },
  images: { summary: "list what the local store has", load: () => import("./images.ts") },
  ls: { summary: "the same as images", load: () => import("./images.ts") },
  rm: { summary: "remove modules from the local store", load: () => import("./rm.ts") },
  tag: { summary: "give a module in the store another name", load: () => import("./tag.ts") },
  inspect: { summary: "show what a module is made of", load: () => import("./inspect.ts") },
  prune: { summary: "free what no name leads to", load: () => import("./prune.ts") },
  gen: { summary: "make types or a skeleton from an eBPF object", load: () => import("./gen.ts") },
  new: { summary: "make a folder to begin a tool with", load: () => import("./new.ts") },
  login: { summary: "keep a name and a password for a registry", load: () => import("./login.ts") },
  logout: { summary: "forget a registry's name and password", load: () => import("./logout.ts") },
};
