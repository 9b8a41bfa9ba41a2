/** `wasm-bpf logs`: shows the log of a run. */
import { isActive, type LogLine, placesOf, readLog, Runs, statusOf } from "../../service/mod.ts";
import { parseDuration } from "../terminal/duration.ts";
import type { HelpPage } from "../args/help_text.ts";
import { type OptionSpec, parseCommandLine } from "../args/options.ts";
import { LogView, parseLogFormat } from "../background/log_view.ts";
import { UsageError } from "../errors.ts";

const OPTIONS = {
  "follow": { short: "f", help: "go on until the run ends" },
  "since": { argument: "TIME", help: "show lines since a time in RFC 3339, or the last 10m or 2h" },
  "tail": { short: "n", argument: "N", help: "show the last N lines" },
  "output": {
    short: "o",
    argument: "FORMAT",
    help: "show records as columns, jsonl or json; text shows lines as they are",
  },
  "filter": {
    argument: "EXPR",
    help: 'show records that match CEL, such as pid == 1 && comm.startsWith("ba")',
  },
  "timestamps": { short: "t", help: "show when each line was written" },
} as const satisfies Record<string, OptionSpec>;

/** Help of `logs`. */
export const PAGE: HelpPage = {
  usage: ["logs [OPTIONS] NAME"],
  about: "Shows what a run in the background wrote. Lines of standard error go to standard error.",
  options: OPTIONS,
  notes: [
    "Records of tools and objects are kept as JSON lines unless the run was started with -o; they " +
    "are shown as columns. With --filter or -o json, lines that are not records are left out.",
  ],
};

/** Most lines of `--tail`. */
const MAX_TAIL = 1_000_000;
/** Lines that are kept in addition, so that few are copied. */
const KEPT_LINES = 1000;
/** Latest time that a log can have, in milliseconds since 1970: texts of later ones do not compare. */
const MAX_TIME_MS = Date.UTC(9999, 11, 31);

/** Shows the log. */
export async function command(args: string[]): Promise<number> {
  const { flags, values, rest } = parseCommandLine(args, OPTIONS, { interleaved: true });
  const [name, more] = rest;
  if (name === undefined || more !== undefined) {
    throw new UsageError("Cannot show logs: logs takes one run");
  }
  const { files, definition } = new Runs(placesOf()).find(name);
  const since = values.since === undefined ? "" : sinceTime(values.since);
  const tail = values.tail === undefined ? undefined : tailCount(values.tail);
  const view = await LogView.open({
    format: parseLogFormat(values.output, definition.records),
    filter: values.filter,
    timestamps: flags.has("timestamps"),
  });
  const goesOn = () => flags.has("follow") && isActive(statusOf(files, definition));
  const wanted = ({ time }: LogLine) => since === "" || time >= since;
  // The last lines, until everything that is there has been read.
  let last: LogLine[] | undefined = tail === undefined ? undefined : [];
  const onEnd = () => {
    if (last !== undefined && tail !== undefined) view.show(last.slice(-tail));
    last = undefined;
  };
  for await (const lines of readLog(files.log, { goesOn, onEnd })) {
    const chosen = lines.filter(wanted);
    if (last === undefined || tail === undefined) view.show(chosen);
    else {
      last.push(...chosen);
      if (last.length > 2 * tail + KEPT_LINES) last = last.slice(-tail);
    }
  }
  return view.end();
}

/** Returns a time as the log writes it. */
function sinceTime(text: string): string {
  const isDuration = /^\d+(\.\d+)?(ms|s|m|h)?$/.test(text);
  const ms = isDuration ? Date.now() - parseDuration(text, "--since") : Date.parse(text);
  if (Number.isNaN(ms)) {
    throw new UsageError(
      `Cannot use --since "${text}": invalid time`,
      "write it like 10m, 2h or 2026-01-31T12:00:00Z",
    );
  }
  return new Date(Math.min(ms, MAX_TIME_MS)).toISOString();
}

function tailCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= MAX_TAIL) return count;
  throw new UsageError(`Cannot use --tail "${text}": invalid number`, `pass 1 to ${MAX_TAIL}`);
}
