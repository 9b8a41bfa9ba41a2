/** `wasm-bpf up`: keeps the runs of a file running, in the foreground. */
import type { HelpPage } from "../args/help_text.ts";
import { type OptionSpec, parseCommandLine } from "../args/options.ts";
import { keepStored, Up } from "../background/up.ts";
import { UsageError } from "../errors.ts";
import { realFile } from "../background/real_file.ts";

const OPTIONS = {
  "run": { argument: "NAME", help: "keep this run of run -d running, in place of a file" },
} as const satisfies Record<string, OptionSpec>;

/** Help of `up`. */
export const PAGE: HelpPage = {
  usage: ["up FILE", "up --run NAME"],
  about: "Runs everything that a YAML file lists, and keeps it running, in the foreground, as a " +
    "service manager or a container expects.",
  arguments: {
    FILE: "runs in YAML: docs/guides/systemd.md describes it, docs/up.schema.json checks it",
  },
  options: OPTIONS,
  notes: [
    "SIGHUP reads the file again: runs that did not change go on without a gap. SIGTERM ends all " +
    "runs. A manager that sets NOTIFY_SOCKET and WATCHDOG_USEC gets the messages of sd_notify(3).",
    "Output of the runs goes to their logs, and here with their names.",
  ],
};

/** Runs the file. */
export async function command(args: string[]): Promise<number> {
  const { values, rest: [file, more] } = parseCommandLine(args, OPTIONS, { interleaved: true });
  if (values.run !== undefined && file === undefined) Deno.exit(await keepStored(values.run));
  if (file === undefined || more !== undefined) {
    throw new UsageError("Cannot start: up takes one file");
  }
  const code = await new Up(realFile(file)).run();
  // Signal listeners keep the event loop running.
  Deno.exit(code);
}
