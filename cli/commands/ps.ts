/** `wasm-bpf ps`: lists runs in the background. */
import { isActive, placesOf, restartText, type Run, Runs, type Status } from "../../service/mod.ts";
import { WEB_TLS_OPTIONS } from "../args/live_options.ts";
import type { HelpPage } from "../args/help_text.ts";
import { type OptionSpec, parseCommandLine } from "../args/options.ts";
import { UsageError } from "../errors.ts";
import { formatError, printError, toJson } from "../terminal/output.ts";
import { print } from "../terminal/output_file.ts";
import { formatTable } from "../terminal/table.ts";
import { formatSeconds } from "../terminal/units.ts";

const OPTIONS = {
  "all": { short: "a", help: "also show runs that have ended" },
  "json": { help: "print JSON, with all details" },
  "quiet": { short: "q", help: "print names only" },
  "web": {
    argument: "[HOST:]PORT",
    optional: true,
    help:
      "serve a page of all runs and their records until Ctrl-C, and print its link (default: a " +
      "free port of 127.0.0.1; another host needs TLS)",
  },
  ...WEB_TLS_OPTIONS,
} as const satisfies Record<string, OptionSpec>;

/** Help of `ps`. */
export const PAGE: HelpPage = {
  usage: ["ps [OPTIONS]"],
  about: "Lists runs in the background: those of run -d and of up.",
  options: OPTIONS,
  notes: [
    "A run that is lost was killed with its supervisor, or by a restart of the machine; restart " +
    "starts it again.",
    "--web shows the list, and of each run the records and lines in its log from the newest file on.",
  ],
};

/** Longest command that is shown. */
const SHOWN_CHARACTERS = 60;

/** Lists the runs. */
export async function command(args: string[]): Promise<number> {
  const { flags, values, rest } = parseCommandLine(args, OPTIONS, { interleaved: true });
  if (rest.length > 0) throw new UsageError(`Cannot list "${rest[0]}": ps takes no argument`);
  if (values.web !== undefined) {
    const { serveRuns } = await import("../background/runs_page.ts");
    return await serveRuns({ ...values, web: values.web }, statusText);
  }
  if (values["web-cert"] !== undefined || values["web-key"] !== undefined) {
    throw new UsageError("Cannot use --web-cert and --web-key without --web");
  }
  const all = new Runs(placesOf()).list((error) =>
    printError(formatError(error, { verbose: false }).replace(/^error/, "warning"))
  );
  const shown = flags.has("all") ? all : all.filter(({ status }) => isActive(status));
  if (flags.has("json")) print(toJson(shown.map(forPrograms), 2));
  else if (flags.has("quiet")) shown.forEach(({ status }) => print(status.name));
  else print(formatTable([HEADER, ...shown.map(row)], { right: [2, 3] }));
  return 0;
}

const HEADER = ["NAME", "STATUS", "PID", "RESTARTS", "MODULE"];

function row({ definition, status }: Run): string[] {
  const shown = definition.shown.join(" ");
  return [
    status.name,
    statusText(status),
    `${status.process?.pid ?? "-"}`,
    `${status.restarts}`,
    shown.length <= SHOWN_CHARACTERS ? shown : `${shown.slice(0, SHOWN_CHARACTERS - 1)}…`,
  ];
}

function statusText(status: Status): string {
  const { phase, started, ended, next, exitCode, stopped, reason } = status;
  switch (phase) {
    case "running":
      return `running ${age(started)}`.trimEnd();
    case "waiting":
      return `waiting (${exitCode}), next start in ${until(next)}`;
    case "ended":
      return `${stopped ? "stopped" : "ended"} (${exitCode}) ${age(ended)} ago`;
    case "lost":
      return `lost: ${reason}`;
    default:
      return phase;
  }
}

function age(time: string | undefined): string {
  const ms = Date.now() - Date.parse(time ?? "");
  return Number.isNaN(ms) ? "" : formatSeconds(ms / 1000);
}

function until(time: string | undefined): string {
  const ms = Date.parse(time ?? "") - Date.now();
  return Number.isNaN(ms) ? "a moment" : formatSeconds(ms / 1000);
}

/** Returns stable names; the environment stays out, which may hold secrets. */
function forPrograms({ definition, status, files }: Run): unknown {
  const { name, phase, ...more } = status;
  const { shown, restart, created, digest, file } = definition;
  return {
    name,
    status: phase,
    ...more,
    module: shown[0],
    args: shown.slice(1),
    restart: restartText(restart),
    created,
    ...(digest === undefined ? {} : { digest }),
    ...(file === undefined ? {} : { file }),
    log: files.log,
  };
}
