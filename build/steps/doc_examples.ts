/** The C examples of `docs/guest-abi.md`, cut out for the guest that compiles and runs them. */
import { join } from "node:path";
import { runStep, writeFile } from "../lib/step.ts";

const GUIDE = "docs/guest-abi.md";

/** Where `tests/guests/guest-abi` includes them from: among what is made for that folder. */
const OUTPUT = ".cache/guests/tests/guests/guest-abi";

/** Example, under the name of the last import whose heading precedes it. */
export interface DocExample {
  readonly name: string;
  /** Code outside of functions: embedded bytes, and all above a line of dots. */
  readonly outside: string;
  readonly inside: string;
}

/** The C examples of a guide whose headings are imports. */
export function docExamples(guide: string): DocExample[] {
  const parts = guide.matchAll(/^#+ `(\w+)\(.*$|^```c\n([^]*?)^```$/gm);
  const examples: DocExample[] = [];
  let name = "";
  for (const [, heading, code] of parts) {
    if (heading !== undefined) name = heading;
    else if (code !== undefined) examples.push({ name, ...divide(code) });
  }
  return examples;
}

function divide(code: string): Omit<DocExample, "name"> {
  const [above = "", below] = code.split(/^\.\.\.\n/m);
  if (below !== undefined) return { outside: above, inside: below };
  const embeds = /^WASM_BPF_EMBED\(.*\n/gm;
  return { outside: (code.match(embeds) ?? []).join(""), inside: code.replace(embeds, "") };
}

/** Writes `NAME.outside.inc` and `NAME.inc` for each example; their paths. */
export async function writeDocExamples(): Promise<string[]> {
  const examples = docExamples(await Deno.readTextFile(GUIDE));
  const files = examples.flatMap(({ name, outside, inside }) => [
    { path: join(OUTPUT, `${name}.outside.inc`), text: outside },
    { path: join(OUTPUT, `${name}.inc`), text: inside },
  ]);
  await runStep({
    name: `${GUIDE} (${examples.length} examples)`,
    inputs: [GUIDE, "build/steps/doc_examples.ts"],
    outputs: files.map(({ path }) => path),
    make: async () =>
      await Promise.resolve(files.forEach(({ path, text }) => writeFile(path, text))),
  });
  return files.map(({ path }) => path);
}
