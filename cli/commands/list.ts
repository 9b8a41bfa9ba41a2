/** `wasm-bpf list`: lists installed tools. */
import { BOX, type InstalledTool, readInstalled } from "../../oci/mod.ts";
import { UsageError } from "../errors.ts";
import type { HelpPage } from "../args/help_text.ts";
import { type OptionSpec, parseCommandLine } from "../args/options.ts";
import { placeState } from "../hub/launcher.ts";
import { lockFileOf } from "../hub/lock_file.ts";
import { toJson } from "../terminal/output.ts";
import { print } from "../terminal/output_file.ts";
import { formatTable } from "../terminal/table.ts";

const OPTIONS = {
  "json": { help: "print JSON" },
  "lock": { help: "print a lock file for install --locked" },
  "quiet": { short: "q", help: "print names only" },
} as const satisfies Record<string, OptionSpec>;

/** Help of `list`. */
export const PAGE: HelpPage = {
  usage: ["list [OPTIONS]"],
  about: "Lists the tools that this user installed, with the version and digest that are pinned. " +
    "wasm-bpf tools lists those in wasm-bpf itself, wasm-bpf images the local store.",
  options: OPTIONS,
};

/** Lists the tools. */
export function command(args: string[]): Promise<number> {
  const { flags, rest } = parseCommandLine(args, OPTIONS, { interleaved: true });
  if (rest.length > 0) {
    throw new UsageError(
      `Cannot list "${rest[0]}": list takes no argument`,
      "run wasm-bpf info NAME to show one tool",
    );
  }
  const tools = readInstalled();
  if (flags.has("lock")) print(lockFileOf(tools));
  else if (flags.has("json")) print(toJson(tools.map(withProblem), 2));
  else if (flags.has("quiet")) tools.forEach(({ name }) => print(name));
  else if (tools.length > 0) print(tableOf(tools));
  return Promise.resolve(0);
}

function withProblem(tool: InstalledTool): InstalledTool & { problem?: string } {
  const state = placeState(tool.launcher, tool.name);
  const problem = state === "ours"
    ? undefined
    : state === "free"
    ? "its launcher is missing"
    : "another program has the file of its launcher";
  return { ...tool, ...(problem === undefined ? {} : { problem }) };
}

function tableOf(tools: readonly InstalledTool[]): string {
  return formatTable([
    ["NAME", "VERSION", "FROM", "DIGEST", "LAUNCHER"],
    ...tools.map(withProblem).map(({ name, version, origin, reference, launcher, problem }) => [
      name,
      version,
      origin.hub === BOX ? BOX : `${origin.hub}/${origin.tool}`,
      (reference.split("sha256:").at(-1) ?? "").slice(0, 12),
      problem === undefined ? launcher : `${launcher} (${problem})`,
    ]),
  ]);
}
