/** The table in `examples/README.md`: how large each example's module is, by language. */
import { BuildError } from "../lib/errors.ts";
import { type Example, findExamples, type Language, LANGUAGES, modulePath } from "./examples.ts";
import { say } from "../lib/output.ts";
import { run } from "../lib/process.ts";
import { writeFile } from "../lib/step.ts";

const README = "examples/README.md";
const START = "<!-- made by ./dev sizes -->";
const END = "<!-- end of what ./dev sizes made -->";

const ALL = Object.keys(LANGUAGES) as Language[];

/** One row: an example, what it shows, and the kB of its modules that are built. */
export interface SizeRow {
  readonly name: string;
  readonly shows: string;
  readonly sizesKb: Readonly<Partial<Record<Language, number>>>;
}

/** Measures the built files. */
export function measureSizes(): SizeRow[] {
  return findExamples().map((example) => ({
    name: example.name,
    shows: headlineOf(example),
    sizesKb: Object.fromEntries(
      example.languages
        .map((language) => [language, sizeKb(modulePath(example, language))] as const)
        .filter(([, size]) => size !== undefined),
    ),
  }));
}

/** The rows that `examples/README.md` has. */
export function readSizes(): SizeRow[] {
  const { table } = splitReadme(Deno.readTextFileSync(README));
  const lines = table.split("\n").filter((line) => line.startsWith("| ["));
  return lines.map((line) => {
    const cells = line.split("|").slice(1, -1).map((cell) => cell.trim());
    const [name = "", shows = "", ...sizes] = cells;
    return {
      name: /^\[(.*?)\]/.exec(name)?.[1] ?? "",
      shows,
      sizesKb: Object.fromEntries(
        ALL.map((language, i) => [language, parseInt(sizes[i] ?? "")] as const)
          .filter(([, size]) => !Number.isNaN(size)),
      ),
    };
  });
}

/** Regenerates the table. Returns the exit code. */
export async function writeSizes(): Promise<number> {
  const { before, after } = splitReadme(await Deno.readTextFile(README));
  const titles = ALL.map((language) => LANGUAGES[language].title);
  const rows = measureSizes().map(({ name, shows, sizesKb }) => [
    ...[`[${name}](${name}/)`, shows],
    ...ALL.map((language) => sizesKb[language] === undefined ? "" : `${sizesKb[language]} kB`),
  ]);
  const rule = ["---", "---", ...ALL.map(() => "---:")];
  const lines = [["example", "shows", ...titles], rule, ...rows]
    .map((cells) => `| ${cells.join(" | ")} |\n`);
  writeFile(README, `${before}${START}\n\n${lines.join("")}\n${END}${after}`);
  await run("deno", ["fmt", "--quiet", README]);
  say(`sizes  ${README}`);
  return 0;
}

/** Returns the text after the name in the first heading of an example's README. */
function headlineOf(example: Example): string {
  const path = `${example.path}/README.md`;
  const headline = /^# [^:\n]+: (.+)$/m.exec(Deno.readTextFileSync(path))?.[1];
  if (headline === undefined) {
    throw new BuildError(`Cannot list ${example.path}: ${path} has no heading "# NAME: …"`);
  }
  return headline;
}

function sizeKb(path: string): number | undefined {
  try {
    return Math.round(Deno.statSync(path).size / 1000);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function splitReadme(text: string): { before: string; table: string; after: string } {
  const [start, end] = [text.indexOf(START), text.indexOf(END)];
  if (start < 0 || end < start) {
    throw new BuildError(`Cannot find the table in ${README}: its marks are gone`);
  }
  return {
    before: text.slice(0, start),
    table: text.slice(start + START.length, end),
    after: text.slice(end + END.length),
  };
}
