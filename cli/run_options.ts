/** The options of `run`, which is also what happens without a command. */
import type { CommandLine, OptionSpec } from "./options.ts";

export const RUN_OPTIONS = {
  "timeout": { argument: "DURATION" },
  "stats": { argument: "json", optional: true },
  "dir": { argument: "HOST[::GUEST][::ro]", repeatable: true },
  "env": { argument: "NAME[=VALUE]", repeatable: true },
  "inherit-env": {},
  "stdin": { argument: "FILE" },
  "stdout": { argument: "FILE" },
  "stderr": { argument: "FILE" },
  "listen": { argument: "HOST:PORT", repeatable: true },
  "max-memory": { argument: "SIZE" },
  "verbose": { short: "v" },
  "require-landlock": {},
  "allow-write-user": {},
  "pull": { argument: "always|missing|never" },
  "platform": { argument: "OS/ARCHITECTURE" },
  "verify-key": { argument: "FILE", repeatable: true },
  "plain-http": {},
  "ca-file": { argument: "FILE" },
  "quiet": { short: "q" },
  "wrapper-module-name": { short: "m", argument: "NAME" },
  "callback-export-name": { short: "c", argument: "NAME" },
  "help": { short: "h" },
  "version": { short: "V" },
} as const satisfies Record<string, OptionSpec>;

/** Name of an option of `run`. */
export type RunOption = keyof typeof RUN_OPTIONS;

/** A command line of `run`: `rest` is the module and its arguments. */
export type RunLine = CommandLine<RunOption>;
