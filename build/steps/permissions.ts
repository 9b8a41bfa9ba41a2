/**
 * Writes the table of helpers and kernel functions: `ebpf/permissions/table.ts`, and its half of
 * `docs/permissions.md`. Names come from libbpf and from kernels, levels from `permissions/levels.txt`.
 */
import { BuildError } from "../lib/errors.ts";
import { run } from "../lib/process.ts";
import { DEPS } from "./third_party.ts";

/** The table for programs. */
export const TABLE = "ebpf/permissions/table.ts";
/** The page for users. */
export const PAGE = "docs/permissions.md";
const LEVELS = "build/permissions/levels.txt";
const KFUNCS = "build/permissions/kfuncs.txt";
const HELPER_HEADER = `${DEPS}/uapi/linux/bpf.h`;

const TABLE_START = "<!-- Written by build/steps/permissions.ts from here on. -->";

/** Names of one level and kind. */
interface Group {
  kind: "helpers" | "kfuncs";
  level: string;
  isExplicit: boolean;
  names: string[];
}

/** Everything that the table is made from. */
export interface Sources {
  levels: string;
  kfuncs: string;
  /** `linux/bpf.h`. */
  header: string;
}

/** Reads the sources of this checkout. */
export async function readSources(): Promise<Sources> {
  const [levels = "", kfuncs = "", header = ""] = await Promise.all(
    [LEVELS, KFUNCS, HELPER_HEADER].map((path) => Deno.readTextFile(path)),
  );
  return { levels, kfuncs, header };
}

/** Returns the helpers of `linux/bpf.h`, with their numbers. */
export function helpersOf(header: string): Map<string, number> {
  const list = /define ___BPF_FUNC_MAPPER[^]*?[^\\]\n/.exec(header)?.[0] ?? "";
  const helpers = new Map<string, number>();
  for (const [, name = "", number] of list.matchAll(/FN\((\w+), (\d+), /g)) {
    // The first is the number that no helper has.
    if (name !== "unspec") helpers.set(name, Number(number));
  }
  if (helpers.size === 0) throw new BuildError("Cannot find helpers in linux/bpf.h");
  return helpers;
}

/** Returns the names of kfuncs.txt. */
export function kfuncsOf(text: string): string[] {
  return linesOf(text).map((line) => line.split(" ", 1)[0] ?? "");
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

/** Returns the groups of levels.txt. */
export function groupsOf(text: string): Group[] {
  const groups: Group[] = [];
  for (const line of linesOf(text)) {
    const [, kind, level = "", mark] = /^(helpers|kfuncs) ([a-z-]+)(!?)$/.exec(line) ?? [];
    if (kind !== undefined) {
      groups.push({ kind: kind as Group["kind"], level, isExplicit: mark === "!", names: [] });
    } else groups.at(-1)?.names.push(...line.split(" "));
  }
  return groups;
}

/** Returns what is wrong with the levels: names without one, with two, or that do not exist. */
export function problemsOf({ levels, kfuncs, header }: Sources): string[] {
  const groups = groupsOf(levels);
  const known = { helpers: [...helpersOf(header).keys()], kfuncs: kfuncsOf(kfuncs) };
  return (["helpers", "kfuncs"] as const).flatMap((kind) => {
    const given = groups.filter((group) => group.kind === kind).flatMap(({ names }) => names);
    return [
      ...known[kind].filter((name) => !given.includes(name)).map((name) => `${name} has no level`),
      ...given.filter((name, i) => given.indexOf(name) < i).map((name) => `${name} has two levels`),
      ...given.filter((name) => !known[kind].includes(name))
        .map((name) => `${name} is not in the list of ${kind}`),
    ];
  });
}

/** Returns the text of `table.ts`. */
export function tableOf({ levels, header }: Sources): string {
  const helpers = helpersOf(header);
  const groups = groupsOf(levels);
  const list = (kind: Group["kind"]) =>
    groups.filter((group) => group.kind === kind).map(({ level, isExplicit, names }) => {
      const lines = kind === "kfuncs"
        ? [...names].sort()
        : [...names].sort((a, b) => (helpers.get(a) ?? 0) - (helpers.get(b) ?? 0))
          .map((name) => `${helpers.get(name)} bpf_${name}`);
      return `  {\n    level: "${level}",\n    isExplicit: ${isExplicit},\n` +
        `    lines: \`\n${lines.join("\n")}\n\`,\n  },\n`;
    }).join("");
  return "/** Written by `build/steps/permissions.ts`: change `build/permissions/levels.txt` instead. */\n" +
    'import type { Group } from "./levels.ts";\n\n' +
    `/** Helpers of libbpf's list. */\nexport const HELPERS: readonly Group[] = [\n${
      list("helpers")
    }];\n\n` +
    `/** Kernel functions. */\nexport const KFUNCS: readonly Group[] = [\n${list("kfuncs")}];\n`;
}

/** Returns the page with its table regenerated. */
export function pageOf(page: string, sources: Sources): string {
  const at = page.indexOf(TABLE_START);
  if (at < 0) throw new BuildError(`Cannot find the table's place in ${PAGE}`);
  const groups = groupsOf(sources.levels);
  const section = (kind: Group["kind"], title: string, prefix: string) =>
    `## ${title}\n\n` +
    groups.filter((group) => group.kind === kind).map(({ level, isExplicit, names }) => {
      const list = names.map((name) => `\`${prefix}${name}\``).sort().join(", ");
      return `**${level}${isExplicit ? ", only by its word" : ""}**: ${list}\n`;
    }).join("\n");
  return `${page.slice(0, at)}${TABLE_START}\n\n${section("helpers", "Every helper", "bpf_")}\n${
    section("kfuncs", "Every kernel function", "")
  }`;
}

/** Returns a text as `deno fmt` leaves it. */
export async function formatted(text: string, ext: "md" | "ts"): Promise<string> {
  const path = await Deno.makeTempFile({ suffix: `.${ext}` });
  try {
    await Deno.writeTextFile(path, text);
    await run(Deno.execPath(), ["fmt", "--quiet", "--config", "deno.json", path]);
    return await Deno.readTextFile(path);
  } finally {
    await Deno.remove(path);
  }
}

/** Writes the table and the page. */
export async function writePermissions(): Promise<number> {
  const sources = await readSources();
  const problems = problemsOf(sources);
  if (problems.length > 0) {
    throw new BuildError(`Cannot write the table of permissions: ${problems.join("; ")}`);
  }
  await Deno.writeTextFile(TABLE, await formatted(tableOf(sources), "ts"));
  const page = pageOf(await Deno.readTextFile(PAGE), sources);
  await Deno.writeTextFile(PAGE, await formatted(page, "md"));
  return 0;
}
