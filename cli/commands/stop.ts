/** `wasm-bpf stop`: ends runs in the background. */
import { isActive, placesOf, Runs } from "../../service/mod.ts";
import { parseDuration } from "../terminal/duration.ts";
import type { HelpPage } from "../args/help_text.ts";
import { type OptionSpec, parseCommandLine } from "../args/options.ts";
import { endRun } from "../background/end.ts";
import { UsageError } from "../errors.ts";
import { print } from "../terminal/output_file.ts";

const OPTIONS = {
  "rm": { help: "also remove the run and its log" },
  "all": { short: "a", help: "end every run" },
  "time": {
    short: "t",
    argument: "DURATION",
    help: "kill the run when it does not end in this time (default: 10s)",
  },
} as const satisfies Record<string, OptionSpec>;

/** Help of `stop`. */
export const PAGE: HelpPage = {
  usage: ["stop [OPTIONS] NAME..."],
  about: "Ends runs in the background as Ctrl-C would.",
  options: OPTIONS,
};

/** Ends the named runs; all of them are found before one ends. */
export async function command(args: string[]): Promise<number> {
  const { flags, values, rest } = parseCommandLine(args, OPTIONS, { interleaved: true });
  const runs = new Runs(placesOf());
  const graceMs = parseDuration(values.time ?? "10s", "--time");
  const names = flags.has("all") ? endable(runs) : rest;
  if (names.length === 0 && !flags.has("all")) throw new UsageError("No run given");
  const isRemoved = flags.has("rm");
  names.forEach((name) => runs.look(name));
  await Promise.all(names.map((name) => endRun(runs, name, graceMs)));
  for (const name of names) {
    if (isRemoved) await runs.remove(name);
    print(name);
  }
  return 0;
}

/** Returns the runs that no `up` keeps. */
function endable(runs: Runs): string[] {
  const kept = new Set(
    runs.list().filter(({ definition, status }) =>
      definition.file !== undefined && isActive(status)
    )
      .map(({ status }) => status.name),
  );
  return runs.names().filter((name) => !kept.has(name));
}
