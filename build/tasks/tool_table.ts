/** Table of the tools in `tools/README.md`: by subject, with the hooks that each uses. */
import { join, relative } from "node:path";
import { BuildError } from "../lib/errors.ts";
import { filesUnder } from "../lib/step.ts";
import { formatted } from "../steps/permissions.ts";
import { foldersOf, LIST, type Listed } from "../steps/tools.ts";

const PAGE = "tools/README.md";
const START = "<!-- tools -->";
const END = "<!-- end -->";

/** Oldest kernel of `./dev matrix`: objects that could run on older ones are not tested there. */
const OLDEST = "5.10";

/** Names of hooks by the beginning of a section, in the order of the column. */
const HOOKS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/^(raw_)?tp(_btf)?\//, "tracepoint"],
  [/^(fentry|fexit)\//, "fentry"],
  [/^k(ret)?probe\//, "kprobe"],
  [/^u(ret)?probe($|\/)/, "uprobe"],
  [/^perf_event$/, "perf event"],
  [/^lsm\//, "LSM"],
  [/^xdp$/, "XDP"],
];

/** Returns the strings of a file that are as short as names of sections. */
function stringsOf(path: string): string[] {
  return new TextDecoder("latin1").decode(Deno.readFileSync(path)).split("\0");
}

/** Returns the hooks of a tool's programs, by the names of their sections. */
function hooksOf(tool: Listed): string {
  const { objects } = foldersOf(tool, "x86_64");
  const sections = filesUnder(objects, (path) => path.endsWith(".bpf.o")).flatMap(stringsOf);
  const names = HOOKS.filter(([pattern]) => sections.some((section) => pattern.test(section)))
    .map(([, name]) => name);
  if (names.length === 0) throw new BuildError(`Cannot name the hooks of ${tool.name}`);
  return names.join(", ");
}

/** Returns the page with the table of these tools in its place. */
export function pageWithTable(page: string, tools: readonly Listed[]): string {
  const [start, end] = [page.indexOf(START), page.indexOf(END)];
  if (start < 0 || end < start) {
    throw new BuildError(`Cannot find the place of the table in ${PAGE}`);
  }
  let subject = "";
  const rows = tools.map((tool) => {
    const { path } = foldersOf(tool, "x86_64");
    const link = join(relative("tools", path), "README.md");
    const first = tool.subject === subject ? "" : tool.subject;
    subject = tool.subject;
    return `| ${first} | [${tool.name}](${link}) | ${tool.summary} | ${
      hooksOf(tool)
    } | ${OLDEST} |`;
  });
  const table = [
    "| subject | tool | effect | hooks | Linux |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
  ];
  return `${page.slice(0, start)}${START}\n\n${table.join("\n")}\n\n${page.slice(end)}`;
}

/** Writes the table. */
export async function writeToolTable(): Promise<number> {
  const tools = JSON.parse(await Deno.readTextFile(LIST)) as Listed[];
  const page = pageWithTable(await Deno.readTextFile(PAGE), tools);
  await Deno.writeTextFile(PAGE, await formatted(page, "md"));
  return 0;
}
