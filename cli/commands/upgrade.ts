/** `wasm-bpf upgrade`: moves installed tools to newer versions. */
import { type InstalledTool, readInstalled, toolNamed } from "../../oci/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import type { HelpPage } from "../args/help_text.ts";
import { type CommandLine, type OptionSpec, parseCommandLine } from "../args/options.ts";
import { REGISTRY_OPTIONS, remoteOptions } from "../args/registry_options.ts";
import { commit } from "../hub/commit.ts";
import { describeReady, type FetchOptions, fetchTool } from "../hub/install.ts";
import { refreshHubs } from "../hub/refresh.ts";
import { admitUpgrade, hubsOf, type Update, updatesOf } from "../hub/updates.ts";
import { interruptibly } from "../terminal/interruption.ts";
import { formatError, printError, visibleLine } from "../terminal/output.ts";
import { openProgress } from "../terminal/progress.ts";
import { observing } from "../terminal/progress.ts";

const OPTIONS = {
  "offline": { help: "do not fetch catalogues; use those that were fetched last" },
  "verify-key": {
    argument: "FILE",
    repeatable: true,
    help: "require that the tools themselves are signed with this key; repeatable",
  },
  ...REGISTRY_OPTIONS,
} as const satisfies Record<string, OptionSpec>;

/** Help of `upgrade`. */
export const PAGE: HelpPage = {
  usage: ["upgrade [OPTIONS] [NAME...]"],
  about:
    "Fetches catalogues, and moves all installed tools, or the named ones, to their newest versions. " +
    "Each tool runs its old version until the new one is verified and stored.",
  options: OPTIONS,
  notes: [
    "The version before stays in the local store: wasm-bpf install NAME@VERSION goes back to it.",
  ],
};

/** Upgrades; a tool that fails keeps its version, and the exit code is 1. */
export async function command(args: string[]): Promise<number> {
  const line = parseCommandLine(args, OPTIONS, { interleaved: true });
  const all = readInstalled();
  const tools = line.rest.length === 0
    ? all
    : [...new Set(line.rest)].map((name) => toolNamed(name, all));
  const outcome = await interruptibly((signal) => upgradeAll(tools, line, signal));
  if ("exitCode" in outcome) return outcome.exitCode;
  return outcome.value > 0 ? 1 : 0;
}

/** Returns the number of failures. */
async function upgradeAll(
  tools: readonly InstalledTool[],
  line: CommandLine<keyof typeof OPTIONS>,
  signal: AbortSignal,
): Promise<number> {
  using progress = openProgress({ quiet: line.flags.has("quiet") });
  const remote = { ...remoteOptions(line, progress), signal };
  const failedHubs = line.flags.has("offline") ? [] : await refreshHubs(hubsOf(tools), remote);
  const options: FetchOptions = {
    ...remote,
    observer: observing(progress, "pulled"),
    verifyKeys: line.lists?.["verify-key"],
  };
  let failures = failedHubs.length;
  const updates = updatesOf(tools);
  if (updates.length === 0) progress.say("nothing to upgrade");
  for (const update of updates) {
    try {
      for (const text of await upgraded(update, options)) progress.say(visibleLine(text));
    } catch (error) {
      if (!(error instanceof HostError) || signal.aborted) throw error;
      failures++;
      printError(formatError(error, { verbose: false }));
    }
  }
  return failures;
}

/** Upgrades one tool; returns lines that describe it. */
async function upgraded(
  { tool, wanted, problem }: Update,
  options: FetchOptions,
): Promise<string[]> {
  if (wanted === undefined) throw problem;
  const ready = await fetchTool(wanted, options);
  await commit([{ ready, launcher: tool.launcher }], admitUpgrade(tool), options.signal);
  const more = ready.facts.levels.filter((level) => !tool.permissions.includes(level));
  return [
    `upgraded ${tool.name} from ${tool.version} to ${wanted.pin.version}`,
    ...describeReady(ready).slice(1),
    ...(more.length === 0 ? [] : [`  new          also needs ${more.join(", ")}`]),
  ];
}
