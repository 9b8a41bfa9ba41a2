/** Columns of a tool's output, as its README shows them. */
import { fromFileUrl } from "./paths.ts";

/** Returns the columns that the output of a tool's README has; undefined if it has no README. */
export function readmeColumns(name: string): string[] | undefined {
  const path = fromFileUrl(`../../tools/${name}/README.md`);
  try {
    const blocks = [...Deno.readTextFileSync(path).matchAll(/^```\w*\n([^]*?)^```$/gm)];
    return columnsOf(blocks.at(-1)?.[1] ?? "");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Returns the words of an output's first line. */
export function columnsOf(output: string): string[] {
  return (output.split("\n")[0] ?? "").trim().split(/ +/);
}
