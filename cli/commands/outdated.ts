/** `wasm-bpf outdated`: lists installed tools that have newer versions. */
import { readInstalled } from "../../oci/mod.ts";
import { UsageError } from "../errors.ts";
import type { HelpPage } from "../args/help_text.ts";
import { type OptionSpec, parseCommandLine } from "../args/options.ts";
import { REGISTRY_OPTIONS, remoteOptions } from "../args/registry_options.ts";
import { refreshHubs } from "../hub/refresh.ts";
import { hubsOf, type Update, updatesOf } from "../hub/updates.ts";
import { interruptibly } from "../terminal/interruption.ts";
import { formatError, printError, toJson } from "../terminal/output.ts";
import { print } from "../terminal/output_file.ts";
import { openProgress } from "../terminal/progress.ts";
import { formatTable } from "../terminal/table.ts";

const OPTIONS = {
  "offline": { help: "use the catalogues that were fetched last" },
  "json": { help: "print JSON" },
  ...REGISTRY_OPTIONS,
} as const satisfies Record<string, OptionSpec>;

/** Help of `outdated`. */
export const PAGE: HelpPage = {
  usage: ["outdated [OPTIONS]"],
  about:
    "Fetches the catalogues of the hubs that tools were installed from, and lists the tools that " +
    "have a newer version.",
  options: OPTIONS,
};

/** Lists the tools; exits with 1 if a hub or a tool could not be looked at. */
export async function command(args: string[]): Promise<number> {
  const line = parseCommandLine(args, OPTIONS, { interleaved: true });
  if (line.rest.length > 0) {
    throw new UsageError(`Cannot use "${line.rest[0]}": outdated takes no argument`);
  }
  const tools = readInstalled();
  const outcome = await interruptibly(async (signal) => {
    if (line.flags.has("offline")) return [];
    using progress = openProgress({ quiet: line.flags.has("quiet") });
    return await refreshHubs(hubsOf(tools), { ...remoteOptions(line, progress), signal });
  });
  if ("exitCode" in outcome) return outcome.exitCode;
  const updates = updatesOf(tools);
  const problems = updates.flatMap(({ problem }) => problem === undefined ? [] : [problem]);
  for (const problem of problems) printError(formatError(problem, { verbose: false }));
  const newer = updates.flatMap(rowOf);
  if (line.flags.has("json")) print(toJson(newer, 2));
  else if (newer.length > 0) {
    print(formatTable([
      ["NAME", "INSTALLED", "NEWEST", "HUB"],
      ...newer.map(({ name, installed, newest, hub }) => [name, installed, newest, hub]),
    ]));
  }
  return problems.length + outcome.value.length > 0 ? 1 : 0;
}

function rowOf({ tool, wanted }: Update) {
  if (wanted === undefined) return [];
  const { name, version: installed, origin: { hub } } = tool;
  const { version: newest, reference } = wanted.pin;
  return [{ name, installed, newest, hub, reference }];
}
