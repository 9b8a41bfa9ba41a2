/** `wasm-bpf install`: installs tools of hubs as commands. */
import { join } from "node:path";
import { BOX, isToolName } from "../../oci/mod.ts";
import { GRANTABLE_LEVELS } from "../../ebpf/permissions/mod.ts";
import { nearest } from "../../ffi/nearest.ts";
import { UsageError } from "../errors.ts";
import type { HelpPage } from "../args/help_text.ts";
import { type CommandLine, type OptionSpec, parseCommandLine } from "../args/options.ts";
import { REGISTRY_OPTIONS, remoteOptions } from "../args/registry_options.ts";
import { isBoxTool } from "../box/box.ts";
import { type Admit, type Change, commit } from "../hub/commit.ts";
import { admitInstall } from "../hub/admit.ts";
import {
  describeReady,
  type FetchOptions,
  fetchTool,
  grantLevels,
  launcherNotes,
  type Wanted,
  wantedOf,
} from "../hub/install.ts";
import { checkLauncher, launcherFolder } from "../hub/launcher.ts";
import { readLockFile } from "../hub/lock_file.ts";
import { offerFor, toolWord, versionOf } from "../hub/offers.ts";
import { interruptibly } from "../terminal/interruption.ts";
import { visibleLine } from "../terminal/output.ts";
import { observing, openProgress, type Progress } from "../terminal/progress.ts";
import type { CommandModule } from "./command.ts";

const OPTIONS = {
  "as": { argument: "NAME", help: "install one tool under another name" },
  "bin": {
    argument: "DIR",
    help: "put launchers into DIR (default: /usr/local/bin for root, else ~/.local/bin)",
  },
  "locked": {
    argument: "FILE",
    help: "install exactly the tools and digests in FILE, which list --lock wrote",
  },
  "allow-bpf": {
    argument: "LEVEL,...",
    help: "grant the installed version these levels for good; wasm-bpf trust revokes them",
  },
  "verify-key": {
    argument: "FILE",
    repeatable: true,
    help: "require that the tool itself is signed with this key; repeatable",
  },
  ...REGISTRY_OPTIONS,
} as const satisfies Record<string, OptionSpec>;

const PAGE: HelpPage = {
  usage: ["install [OPTIONS] [HUB/]NAME[@VERSION]...", "install [OPTIONS] --locked FILE"],
  about:
    "Installs tools of wasm-bpf or of hubs: pins the digest, verifies and shows what the tool does, " +
    "and makes it a command by a launcher. Only upgrade changes the version afterwards, or install " +
    "with a version.",
  arguments: { NAME: "tool, as wasm-bpf search lists it; with HUB/ where several hubs have it" },
  options: OPTIONS,
  notes: [
    "Tools are installed for one user; install as root those that are to run with sudo NAME. A launcher " +
    "never replaces a file of another program, and no tool gets the name of one.",
  ],
};

type Line = CommandLine<keyof typeof OPTIONS>;

/**
 * Returns the command.
 *
 * @param commands words that no tool can have as its name
 */
export function installOf(commands: readonly string[]): CommandModule {
  return { PAGE, command: (args) => install(args, new Set(commands)) };
}

async function install(args: string[], commands: ReadonlySet<string>): Promise<number> {
  const line: Line = parseCommandLine(args, OPTIONS, { interleaved: true });
  const levels = levelsOf(line.values["allow-bpf"]);
  const folder = launcherFolder(line.values.bin);
  const { wanted, admit } = whatToInstall(line);
  for (const one of wanted) {
    checkName(one, commands);
    checkLauncher(join(folder, one.name), one.name);
  }
  const outcome = await interruptibly(async (signal) => {
    using progress = openProgress({ quiet: line.flags.has("quiet") });
    const options: FetchOptions = {
      ...remoteOptions(line, progress),
      observer: observing(progress, "pulled"),
      verifyKeys: line.lists?.["verify-key"],
      signal,
    };
    const changes: Change[] = [];
    for (const one of wanted) {
      changes.push({ ready: await fetchTool(one, options), launcher: join(folder, one.name) });
    }
    const outcomes = await commit(changes, admit, signal);
    for (const { ready } of changes) if (levels.length > 0) grantLevels(ready, levels);
    report(changes, progress);
    return outcomes;
  });
  return "exitCode" in outcome ? outcome.exitCode : 0;
}

function report(changes: readonly Change[], progress: Progress): void {
  for (const { ready, launcher } of changes) {
    for (const text of describeReady(ready)) progress.say(visibleLine(text));
    progress.say(visibleLine(`  launcher     ${launcher}`));
    for (const note of launcherNotes(launcher, Deno.uid() !== 0)) progress.say(visibleLine(note));
  }
}

function whatToInstall(line: Line): { wanted: readonly Wanted[]; admit: Admit } {
  const { values, rest } = line;
  if (values.locked !== undefined) {
    if (rest.length > 0 || values.as !== undefined) {
      throw new UsageError("Cannot use --locked with names: the file names the tools");
    }
    // The user's own file pins each digest.
    return { wanted: readLockFile(values.locked), admit: () => {} };
  }
  if (rest.length === 0) throw new UsageError("No tool given");
  if (values.as !== undefined && rest.length > 1) {
    throw new UsageError("Cannot use --as with several tools");
  }
  const words = rest.map((word) => toolWord(word, "install"));
  const wanted = words.map((word) => {
    const offer = offerFor(word, "install");
    const version = offer.hub === BOX ? undefined : versionOf(offer, word.version);
    return {
      ...wantedOf(offer, version, values.as ?? word.name),
      isExplicit: word.version !== undefined,
    };
  });
  const twice = wanted.find(({ name }, i) => wanted.findIndex((one) => one.name === name) < i);
  if (twice !== undefined) throw new UsageError(`Cannot install "${twice.name}" twice`);
  const explicit = new Set(wanted.flatMap(({ name, isExplicit }) => isExplicit ? [name] : []));
  return {
    wanted,
    admit: (ready, before) => admitInstall(explicit.has(ready.name))(ready, before),
  };
}

/** @throws {UsageError} for a name that runs something else */
function checkName({ name, origin }: Wanted, commands: ReadonlySet<string>): void {
  const reason = !isToolName(name)
    ? "not a name: use lower-case letters, digits and dashes, a letter first"
    : commands.has(name) || name === "help" || name === "wasm-bpf"
    ? "it is a command of wasm-bpf"
    : isBoxTool(name) && (origin.hub !== BOX || origin.tool !== name)
    ? "a tool in wasm-bpf has this name"
    : undefined;
  if (reason === undefined) return;
  throw new UsageError(
    `Cannot install a tool as ${JSON.stringify(name)}: ${reason}`,
    "choose another name with --as NAME",
  );
}

function levelsOf(text: string | undefined): readonly string[] {
  const levels = text?.split(",") ?? [];
  for (const level of levels) {
    if (GRANTABLE_LEVELS.some((known) => known === level) && level !== "write") continue;
    const close = nearest(level, [...GRANTABLE_LEVELS]);
    throw new UsageError(
      `Cannot grant the level "${level}" for good`,
      level === "write"
        ? "pass --allow-bpf=write to each run"
        : close === undefined
        ? `the levels are ${GRANTABLE_LEVELS.join(", ")}`
        : `did you mean ${close}?`,
    );
  }
  return levels;
}
