/** `wasm-bpf uninstall`: removes installed tools. */
import { InstalledTools, toolNamed } from "../../oci/mod.ts";
import { UsageError } from "../errors.ts";
import type { HelpPage } from "../args/help_text.ts";
import { type OptionSpec, parseCommandLine } from "../args/options.ts";
import { forget } from "../hub/commit.ts";
import { removeLauncher } from "../hub/launcher.ts";
import { printError, visibleLine } from "../terminal/output.ts";

const OPTIONS = {
  "quiet": { short: "q", help: "do not print what was removed" },
} as const satisfies Record<string, OptionSpec>;

/** Help of `uninstall`. */
export const PAGE: HelpPage = {
  usage: ["uninstall [OPTIONS] NAME..."],
  about:
    "Removes installed tools with their launchers, and the names of their artifacts from the local " +
    "store; wasm-bpf prune frees the space.",
  options: OPTIONS,
};

/** Removes all named tools, or none if one is not installed. */
export async function command(args: string[]): Promise<number> {
  const { flags, rest } = parseCommandLine(args, OPTIONS, { interleaved: true });
  if (rest.length === 0) throw new UsageError("No tool given");
  for (const name of rest) toolNamed(name);
  using state = await InstalledTools.lock();
  const before = state.tools;
  const removed = [...new Set(rest)].map((name) => toolNamed(name, before));
  // Launchers first: one without a record could not be removed by its name any more.
  for (const { launcher, name } of removed) {
    if (removeLauncher(launcher, name)) continue;
    printError(visibleLine(`note: ${launcher} stays: it is a file of another program`));
  }
  await state.replace(before.filter((tool) => !removed.includes(tool)));
  await forget(before, state.tools);
  if (flags.has("quiet")) return 0;
  for (const { name, version } of removed) printError(visibleLine(`removed ${name} ${version}`));
  return 0;
}
