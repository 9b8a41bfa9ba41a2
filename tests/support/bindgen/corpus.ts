/** Sources that are compiled to eBPF objects, hand-written and generated, and clang's layouts of them. */
import { basename, join } from "node:path";
import { fromFileUrl } from "../paths.ts";
import { Random } from "../random.ts";
import { makeSource } from "./made_up.ts";

/** The compilers of Debian 12 that differ in what BTF they write: enum64, signed enumerations, tags. */
export const COMPILERS = ["clang-14", "clang-19"] as const;

const FOLDER = fromFileUrl("../data/btf");
const MADE_UP = 8;

/** One object, compiled. */
export interface CorpusObject {
  /** Unique among all, and an identifier. */
  readonly name: string;
  readonly compiler: string;
  readonly source: string;
  readonly object: string;
}

/** Names of the sources that people wrote. */
export function handWritten(): string[] {
  return [...Deno.readDirSync(FOLDER)].map(({ name }) => name)
    .filter((name) => name.endsWith(".c")).sort();
}

/** Compiles all sources with all compilers, into `folder`. */
export async function compileCorpus(
  folder: string,
  seed: number,
  compilers: readonly string[] = COMPILERS,
): Promise<CorpusObject[]> {
  const sources = handWritten().map((name) => join(FOLDER, name));
  for (let i = 0; i < MADE_UP; i++) {
    const path = join(folder, `made_up_${i}.c`);
    await Deno.writeTextFile(path, makeSource(`mu${i}`, new Random(seed + i)));
    sources.push(path);
  }
  const objects = compilers.flatMap((compiler) =>
    sources.map((source) => {
      const name = `${basename(source, ".c")}_${compiler.replace("-", "")}`;
      return { name, compiler, source, object: join(folder, `${name}.o`) };
    })
  );
  await inParallel(objects, async ({ compiler, source, object }) => {
    await runTool(compiler, [
      "-g",
      "-O2",
      "-target",
      "bpf",
      `-I${FOLDER}`,
      "-c",
      source,
      "-o",
      object,
    ]);
  });
  return objects;
}

/**
 * Returns a compiler's layouts of a file's types.
 *
 * @param types in C's words; clang dumps a layout when the size is used
 */
export async function dumpLayouts(
  compiler: string,
  { file, types, options }: { file: string; types: readonly string[]; options: readonly string[] },
): Promise<string> {
  const uses = types.map((type, i) => `char use_${i}[sizeof(${type}) + 1];\n`);
  const source = `${file}.uses.c`.replace(/^.*\//, "");
  const folder = await Deno.makeTempDir({ prefix: "layouts-" });
  try {
    await Deno.writeTextFile(join(folder, source), `#include "${file}"\n${uses.join("")}`);
    const dump = ["-fsyntax-only", "-w", "-Xclang", "-fdump-record-layouts"];
    return await runTool(compiler, [...options, `-I${FOLDER}`, ...dump, join(folder, source)]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

export { FOLDER as CORPUS_FOLDER };

/** Runs a tool; its standard output. */
export async function runTool(
  program: string,
  args: string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, ...options })
    .output();
  if (success) return new TextDecoder().decode(stdout);
  const text = new TextDecoder().decode(stderr) || new TextDecoder().decode(stdout);
  throw new Error(`${program} ${args.join(" ").slice(0, 300)}\n${text.slice(0, 8000)}`);
}

/** Does something with each item, as many at a time as there are processors. */
export async function inParallel<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: navigator.hardwareConcurrency }, async () => {
      for (const item of queue) await work(item);
    }),
  );
}
