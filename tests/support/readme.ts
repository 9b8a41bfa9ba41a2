/** Output that READMEs show, to compare with real output. */
import { fromFileUrl } from "./paths.ts";

/**
 * Returns the lines of the last code block of an example's README, which ends with its real output.
 */
export async function shownOutput(example: string): Promise<string[]> {
  const path = fromFileUrl(`../../examples/${example}/README.md`);
  const blocks = [...(await Deno.readTextFile(path)).matchAll(/^```\w*\n([^]*?)^```$/gm)];
  const lines = (blocks.at(-1)?.[1] ?? "").trimEnd().split("\n");
  return lines.filter((line) => !line.startsWith("$ ")).map(shapeOf);
}

/** Replaces parts of a line that differ each time: numbers, addresses in memory, stars and bars. */
export function shapeOf(line: string): string {
  return line
    .replaceAll(/\b[0-9a-f]{8,16}\b|\d+(?:,\d+)*(?:\.\d+)?/g, "0")
    .replaceAll(/[*▁-█]+/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
}

/** Returns the shapes of the lines of an output. */
export function shapesOf(output: string): string[] {
  return output.trimEnd().split("\n").map(shapeOf);
}
